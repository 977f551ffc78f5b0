/** The page and the API with a token of one project: it is all there is, nothing is offered that would be refused, nobody else is named. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Route } from "../../../src/api/route.ts";
import { fakeDaemon } from "../../support/fake-daemon.ts";
import { buildPage, contextOf, faultsOf, LOOKS, openBrowser } from "../../support/page.ts";
import { tableOf } from "../../support/route-table.ts";
import { host } from "../../support/samples.ts";
import { eventually, type Stack, startStack } from "../../support/stack.ts";

/** Nothing of ours is called so: wherever it shows, it was told. */
const OTHER = "zanzibar";
const WORKER = `        command: [/bin/sh, -c, 'case "$(cat)" in *fail*) exit 7;; *) sleep 1000;; esac']
        on: task
        stop_grace_period: 1s
`;
/** One slot, which the other project holds, and not enough memory for a third. */
const FILE = host(
  `  web:
    agents:
      beat: { command: [sleep, infinity] }
      coder:
${WORKER}  ${OTHER}:
    agents:
      ${OTHER}-agent:
${WORKER}`,
).replace("host:\n", "host:\n  agents: 1\n");

interface Made {
  readonly page: string;
  readonly secret: string;
}

let stack: Stack;
let browser: Browser;
const pages: Page[] = [];
let faults: readonly string[] = [];
let made: Readonly<Record<"read" | "run" | "admin", Made>>;
let waiting: string;
let failed: string;

beforeAll(async () => {
  await buildPage();
  stack = await startStack({ listen: ["127.0.0.1:0"] });
  await stack.apply(FILE);
  const submit = async (project: string, agent: string, payload: string): Promise<string> => {
    const words = ["run", project, agent, "--payload", payload, "--detach"];
    return (await stack.ok(...words)).trim();
  };
  failed = await submit("web", "coder", '"fail"');
  await eventually("it failed", async () => (await stateOf(failed)) === "failed" || undefined);
  const holder = await submit(OTHER, `${OTHER}-agent`, '"sleep"');
  await eventually("it runs", async () => (await stateOf(holder)) === "running" || undefined);
  await submit(OTHER, `${OTHER}-agent`, '"sleep"');
  waiting = await submit("web", "coder", '"sleep"');
  const token = (scope: string) =>
    stack.json<Made>("token", "create", `one-${scope}`, "--scope", scope, "--project", "web");
  made = { read: await token("read"), run: await token("run"), admin: await token("admin") };
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  await stack?.close();
});

async function stateOf(id: string): Promise<string> {
  return (await stack.json<{ state: string }>("task", "show", id)).state;
}

async function opened(scope: keyof typeof made): Promise<Page> {
  const [look] = LOOKS;
  if (look === undefined) throw new Error("no look is defined");
  const context = await contextOf(browser, look);
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  faults = faultsOf(page);
  pages.push(page);
  await page.goto(made[scope].page);
  await page.getByRole("link", { name: "web", exact: true }).waitFor();
  return page;
}

const PLACES = ["", "queue", "events", "settings", "projects/web", "projects/web/tasks"].concat(
  ["output", "declaration", "plan", "timeline"].map((part) => `projects/web/${part}`),
);
const ADMIN = ["Pause", "Stop", "Restart", "Complete", "Remove", "Scale", "Go back", "Revoke"];
const TASKS = ["Submit a task", "Cancel", "Retry"];

/** Visits every place; says which buttons there were, and fails where anything is refused or the other project shows. */
async function visit(page: Page): Promise<ReadonlySet<string>> {
  const buttons = new Set<string>();
  const refused: string[] = [];
  page.on("response", (response) => {
    if (response.status() >= 400) refused.push(`${response.status()} ${response.url()}`);
  });
  for (const place of [...PLACES, `tasks/${waiting}`, `tasks/${failed}`]) {
    await page.goto(`${new URL(page.url()).origin}/#/${place}`);
    const main = page.locator("main");
    await eventually(`${place} is loaded`, async () => {
      const text = await main.innerText();
      return text.trim() !== "" && !text.includes("Loading…") ? true : undefined;
    });
    expect([place, await main.innerText()]).toEqual([
      place,
      expect.not.stringContaining(OTHER) as string,
    ]);
    expect([place, await page.getByRole("alert").allInnerTexts()]).toEqual([place, []]);
    for (const name of [...ADMIN, ...TASKS])
      if ((await page.getByRole("button", { name: new RegExp(`^${name}`) }).count()) > 0)
        buttons.add(name);
  }
  expect(refused).toEqual([]);
  return buttons;
}

test("a read token sees its project alone, and is offered nothing", async () => {
  const page = await opened("read");
  expect([...(await visit(page))]).toEqual([]);
  expect(faults).toEqual([]);
});

test("a run token works with tasks, and is offered nothing else", async () => {
  const page = await opened("run");
  expect((await visit(page)).difference(new Set(TASKS)).size).toBe(0);
  await page.goto(`${new URL(page.url()).origin}/#/projects/web/tasks`);
  await page.getByRole("button", { name: "Submit a task" }).click();
  await page.getByRole("button", { name: "Submit", exact: true }).click();
  await page
    .getByText(/pool full: 1 of 1 slots/)
    .first()
    .waitFor();
  await page.getByRole("button", { name: /^Cancel task/ }).click();
  await page.locator(".title").getByText("cancelled").waitFor();
  expect(faults).toEqual([]);
});

test("an admin token of the project steers it, and nothing of the host is offered", async () => {
  const page = await opened("admin");
  const buttons = await visit(page);
  expect(buttons.has("Go back") || buttons.has("Revoke")).toBe(false);
  await page.goto(`${new URL(page.url()).origin}/#/projects/web`);
  await page.getByRole("button", { name: "Pause" }).click();
  await page.locator(".title").getByText("frozen").waitFor();
  await page.getByRole("button", { name: "Resume" }).click();
  await page.locator(".title").getByText("healthy").waitFor();
  expect(faults).toEqual([]);
});

test("settings say whose token it is, for which project, and what it may do", async () => {
  const [page] = pages.slice(1);
  await page?.goto(`${new URL(page.url()).origin}/#/settings`);
  const access = page?.getByRole("region", { name: "Your access" });
  await access?.getByText("You may").waitFor();
  const text = await access?.innerText();
  expect(text).toMatch(/bearer of one-run[\s\S]*web[\s\S]*run[\s\S]*look at.*submit, cancel/);
  expect(text).not.toContain("remove");
});

const reads = tableOf(fakeDaemon()).filter(
  ({ method, access }) => method === "get" && access.kind !== "host",
);

/** Where this project's things go into the path. */
function pathsOf(route: Route): readonly string[] {
  const fill = (id: string): string => {
    const things: Readonly<Record<string, string>> = {
      name: "web",
      project: "web",
      agent: "coder",
      id,
      subject: id,
    };
    return route.path.replaceAll(/\{(\w+)\}/g, (_all, key: string) => things[key] ?? "?");
  };
  return [...new Set([fill(waiting), fill(failed), fill("web")])];
}

/** The whole answer; of the live stream, what it says until it has told everything. */
async function toldBy(answer: Response): Promise<string> {
  if (answer.headers.get("content-type")?.startsWith("text/event-stream") !== true)
    return answer.text();
  const reader = answer.body?.getReader();
  let text = "";
  for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) {
    text += new TextDecoder().decode(part.value);
    if (text.includes('"kind":"settled"')) break;
  }
  return text;
}

test("no answer of any route names the other project, whatever is asked about", async () => {
  const { origin } = new URL(made.admin.page);
  let answered = 0;
  for (const route of reads)
    for (const path of pathsOf(route)) {
      const stop = new AbortController();
      const headers = { authorization: `Bearer ${made.admin.secret}` };
      const answer = await fetch(origin + path, { headers, signal: stop.signal });
      const text = await toldBy(answer);
      stop.abort();
      if (answer.ok) answered += 1;
      expect([path, text]).toEqual([path, expect.not.stringContaining(OTHER) as string]);
    }
  expect(answered).toBeGreaterThan(20);
});
