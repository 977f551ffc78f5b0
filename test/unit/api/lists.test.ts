/** Lists that are read whole come in pages where a limit is given, and show a project's token its own only. */
import { expect, test } from "vitest";
import { agentList, agentPage, projectList } from "../../../src/schema/api-project.ts";
import { generationList } from "../../../src/schema/api-record.ts";
import { attemptList } from "../../../src/schema/api-task.ts";
import { tokenList } from "../../../src/schema/api-token.ts";
import { startServer, type TestServer } from "../../support/api-server.ts";
import { bearer } from "../../support/bearer.ts";
import { aProject, fakeDaemon, type FakeDaemon, GENERATION } from "../../support/fake-daemon.ts";

const TOKEN = {
  name: "x",
  scope: "read",
  project: null,
  createdBy: "ann",
  expiresAt: null,
  revokedAt: null,
} as const;
const NAMES = ["api", "batch", "web"];

/** Three projects; `web` runs three processes of `coder` and one of `beat`. */
function world(): FakeDaemon {
  const [coder] = aProject("web").agents;
  if (coder === undefined) throw new Error("a project without agents");
  const web = [
    { ...coder, replica: 10 },
    { ...coder, replica: 2 },
    coder,
    { ...coder, agent: "beat" },
  ];
  return Object.assign(fakeDaemon(), {
    world: NAMES.map((name) => aProject(name, name === "web" ? { agents: web } : {})),
  });
}

/** What each page of a path holds, to the last one. */
async function pagesOf<Item>(
  server: TestServer,
  path: string,
  parse: (json: unknown) => Readonly<{ items: readonly Item[]; next: string | null }>,
): Promise<readonly (readonly Item[])[]> {
  const pages: (readonly Item[])[] = [];
  let next: string | null = null;
  do {
    const at: string = next === null ? path : `${path}&cursor=${encodeURIComponent(next)}`;
    const page = parse((await server.ask({ path: `/api/v1${at}` })).json());
    pages.push(page.items);
    next = page.next;
  } while (next !== null);
  return pages;
}

test("projects come whole without a limit, and in pages with one", async () => {
  const daemon = world();
  await using server = await startServer(daemon);
  const whole = projectList.parse((await server.ask({ path: "/api/v1/projects" })).json());
  expect([whole.items.map(({ name }) => name), whole.next]).toEqual([NAMES, null]);
  const pages = await pagesOf(server, "/projects?limit=2", (json) => projectList.parse(json));
  expect(pages.map((page) => page.map(({ name }) => name))).toEqual([["api", "batch"], ["web"]]);
  // What the cursor names may be gone by then.
  const after = await server.ask({ path: "/api/v1/projects?limit=2&cursor=bb" });
  expect(projectList.parse(after.json()).items.map(({ name }) => name)).toEqual(["web"]);
  for (const bad of ["limit=0", "limit=1001", "cursor=", "page=2"])
    expect([bad, (await server.ask({ path: `/api/v1/projects?${bad}` })).status]).toEqual([
      bad,
      400,
    ]);
});

test("agents of all projects come in pages, each process with its project", async () => {
  await using server = await startServer(world());
  const pages = await pagesOf(server, "/agents?limit=4", (json) => agentPage.parse(json));
  expect(
    pages.map((page) => page.map(({ project, agent, replica }) => [project, agent, replica])),
  ).toEqual([
    [
      ["api", "coder", 0],
      ["batch", "coder", 0],
      ["web", "beat", 0],
      ["web", "coder", 0],
    ],
    [
      ["web", "coder", 2],
      ["web", "coder", 10],
    ],
  ]);
  const asked = async (query: string) =>
    agentPage.parse((await server.ask({ path: `/api/v1/agents?${query}` })).json());
  expect((await asked("project=batch")).items).toHaveLength(1);
  expect((await asked("agent=beat")).items.map(({ project }) => project)).toEqual(["web"]);
  expect((await asked("agent=coder")).workers.map(({ agent }) => agent)).toEqual(["coder"]);
  expect(await asked("project=web&agent=none")).toEqual({ items: [], workers: [], next: null });
  const own = agentList.parse(
    (await server.ask({ path: "/api/v1/projects/web/agents?limit=1" })).json(),
  );
  expect([own.items.map(({ agent }) => agent), own.next]).toEqual([["beat"], "beat/0000"]);
});

test("a project's token lists the agents of its own project, and no other is there", async () => {
  const daemon = world();
  await using server = await startServer(daemon);
  const { headers } = await bearer(daemon, "read", { project: "api" });
  const seen = await server.askTcp({ path: "/api/v1/agents", headers });
  expect(agentPage.parse(seen.json()).items.map(({ project }) => project)).toEqual(["api"]);
  expect(agentPage.parse(seen.json()).workers).toEqual([]);
  expect(daemon.asked.at(-1)).toEqual(["queue", { project: "api", limit: 0 }]);
  expect((await server.askTcp({ path: "/api/v1/agents?project=web", headers })).status).toBe(404);
});

test("generations come in pages from the newest on", async () => {
  const all = [5, 4, 3, 2, 1].map((generation) => ({ ...GENERATION, generation }));
  const history = async (limit: number, before: number | null = null) =>
    all.filter(({ generation }) => before === null || generation < before).slice(0, limit);
  await using server = await startServer(fakeDaemon({ history }));
  const pages = await pagesOf(server, "/generations?limit=2", (json) => generationList.parse(json));
  expect(pages.map((page) => page.map(({ generation }) => generation))).toEqual([
    [5, 4],
    [3, 2],
    [1],
  ]);
});

test("tokens come in pages, newest first, and attempts in their order", async () => {
  const daemon = fakeDaemon();
  const tokens = [3, 2, 1].map((at) => ({ ...TOKEN, id: `00000000000${at}`, createdAt: at }));
  const [attempt] = await daemon.attempts("t-1");
  if (attempt === undefined) throw new Error("a task without attempts");
  const attempts = Array.from({ length: 11 }, (_, at) => ({ ...attempt, attempt: at + 1 }));
  const lists = { tokens: async () => tokens, attempts: async () => attempts };
  await using server = await startServer({ ...daemon, ...lists });
  const listed = await pagesOf(server, "/tokens?limit=2", (json) => tokenList.parse(json));
  expect(listed.map((page) => page.map(({ createdAt }) => createdAt))).toEqual([[3, 2], [1]]);
  const tried = await pagesOf(server, "/tasks/t-1/attempts?limit=9", (json) =>
    attemptList.parse(json),
  );
  expect(tried.flat().map((one) => one.attempt)).toEqual(attempts.map((one) => one.attempt));
});
