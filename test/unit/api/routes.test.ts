/** Every route answers as its schema says and asks the daemon for the right thing. */
import { expect, test } from "vitest";
import { configView } from "../../../src/schema/api-declaration.ts";
import { doctorReport, garbageView, hostView } from "../../../src/schema/api-host.ts";
import { applyView, downView, planView } from "../../../src/schema/api-plan.ts";
import {
  describeView,
  projectList,
  projectView,
  removedView,
} from "../../../src/schema/api-project.ts";
import {
  eventPage,
  generationList,
  generationView,
  runPage,
} from "../../../src/schema/api-record.ts";
import { anEvent, aProject, aRun, fakeDaemon, PLAN } from "../../support/fake-daemon.ts";
import { startServer } from "../../support/api-server.ts";
import { unlike } from "../../support/reads.ts";

const BUNDLE = {
  entry: "berth.yaml",
  files: { "berth.yaml": "api_version: berth/v1\n" },
  base: "/srv",
  overlays: [],
};
const NOBODY = { who: "local", claim: null, reason: null };

test("reads answer with the resource their schema describes", async () => {
  await using server = await startServer(fakeDaemon());
  const wrong = await unlike(server, [
    ["/projects", projectList],
    ["/projects/web", projectView],
    ["/projects/web/describe", describeView],
    ["/runs", runPage],
    ["/events", eventPage],
    ["/generations", generationList],
    ["/generations/3", generationView],
    ["/generations/3/plan", planView],
    ["/config", configView],
    ["/host", hostView],
    ["/doctor", doctorReport],
  ]);
  expect(wrong).toEqual([]);
});

test("plan hands the bundle over and answers with the plan", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const answer = await server.ask({ path: "/api/v1/plan", body: { bundle: BUNDLE, prune: true } });
  expect(planView.parse(answer.json())).toEqual(PLAN);
  expect(daemon.asked).toEqual([["plan", { bundle: BUNDLE, prune: true }]]);
});

test("apply passes expectation, adoption, caller and idempotency key on", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const expected = { generation: 3, fingerprint: "f-1" };
  const answer = await server.ask({
    path: "/api/v1/apply",
    body: { bundle: BUNDLE, expected, adopt: true },
    headers: {
      "idempotency-key": "k-1",
      "x-berth-user": "ann",
      "x-berth-reason": encodeURIComponent("größer\nnow"),
    },
  });
  expect(applyView.parse(answer.json()).generation).toBe(4);
  const by = { who: "local", claim: "ann", reason: "größer now" };
  expect(daemon.asked).toEqual([
    ["apply", { bundle: BUNDLE, prune: false, adopt: true, expected, by, idempotencyKey: "k-1" }],
  ]);
});

test("lifecycle verbs say what is wanted", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const wishes = [
    ["pause", undefined, "frozen"],
    ["pause", { mode: "stop" }, "stopped"],
    ["resume", undefined, "active"],
    ["complete", undefined, "completed"],
    ["start", undefined, "active"],
    ["stop", undefined, "stopped"],
  ] as const;
  for (const [verb, body, wanted] of wishes) {
    const answer = await server.ask({ method: "POST", path: `/api/v1/projects/web/${verb}`, body });
    expect(projectView.parse(answer.json()).name).toBe("web");
    expect(daemon.asked.at(-1)).toEqual([
      "setWanted",
      { project: "web", wanted, removeVolumes: false, by: NOBODY, idempotencyKey: null },
    ]);
  }
});

test("agents are started, stopped, restarted and scaled one by one", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const at = "/api/v1/projects/web/agents/coder";
  await server.ask({ method: "POST", path: `${at}/start` });
  await server.ask({ method: "POST", path: `${at}/stop` });
  await server.ask({ path: `${at}/scale`, body: { replicas: 3 } });
  await server.ask({
    method: "POST",
    path: `${at}/restart`,
    headers: { "idempotency-key": "k-2" },
  });
  await server.ask({ method: "POST", path: "/api/v1/projects/web/restart" });
  const asked = { project: "web", agent: "coder", by: NOBODY, idempotencyKey: null };
  expect(daemon.asked).toEqual([
    ["agent", { ...asked, change: "start" }],
    ["agent", { ...asked, change: "stop" }],
    ["agent", { ...asked, change: { replicas: 3 } }],
    ["restart", { ...asked, idempotencyKey: "k-2" }],
    ["restart", { ...asked, agent: null }],
  ]);
});

test("removing, clearing and rolling back pass their options on", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const removed = await server.ask({ method: "DELETE", path: "/api/v1/projects/web?volumes=true" });
  expect(removedView.parse(removed.json()).freed).toEqual(["container berth-main-web"]);
  const down = await server.ask({ path: "/api/v1/down", body: { source: "/srv/berth.yaml" } });
  expect(downView.parse(down.json())).toEqual({ projects: ["web"] });
  const gc = await server.ask({ path: "/api/v1/gc", body: { dryRun: true } });
  expect(garbageView.parse(gc.json()).dryRun).toBe(true);
  await server.ask({
    path: "/api/v1/rollback",
    body: { generation: 2 },
    headers: { "idempotency-key": "k-3" },
  });
  expect(daemon.asked).toEqual([
    ["remove", { project: "web", removeVolumes: true, by: NOBODY, idempotencyKey: null }],
    ["down", { source: "/srv/berth.yaml", by: { ...NOBODY, idempotencyKey: null } }],
    ["gc", { dryRun: true, force: false, by: NOBODY }],
    ["rollback", { generation: 2, by: NOBODY, idempotencyKey: "k-3" }],
  ]);
});

test("events come in pages whose cursor reaches every event once", async () => {
  const all = [1, 2, 3, 4, 5].map((id) => anEvent(id));
  const daemon = fakeDaemon({
    events: async ({ after, limit }) =>
      all.filter((event) => event.id > (after ?? 0)).slice(0, limit),
  });
  await using server = await startServer(daemon);
  const seen: number[] = [];
  let next: string | null = "0";
  while (next !== null) {
    const answer = await server.ask({ path: `/api/v1/events?limit=2&after=${next}` });
    const page = eventPage.parse(answer.json());
    seen.push(...page.items.map((event) => event.id));
    next = page.next;
  }
  expect(seen).toEqual([1, 2, 3, 4, 5]);
});

test("runs come in pages that a run starting meanwhile does not shift", async () => {
  let runs = ["r-5", "r-4", "r-3", "r-2", "r-1"].map((id) => aRun(id));
  await using server = await startServer(
    fakeDaemon({ runs: async ({ limit }) => runs.slice(0, limit) }),
  );
  const seen: string[] = [];
  let path = "/api/v1/runs?limit=2";
  for (;;) {
    const page = runPage.parse((await server.ask({ path })).json());
    seen.push(...page.items.map((run) => run.id));
    runs = [aRun(`r-${runs.length + 1}`), ...runs];
    if (page.next === null) break;
    path = `/api/v1/runs?limit=2&cursor=${page.next}`;
  }
  expect(seen).toEqual(["r-5", "r-4", "r-3", "r-2", "r-1"]);
});

test("health, readiness and metrics are outside the versioned tree", async () => {
  let ready = true;
  const daemon = fakeDaemon();
  await using server = await startServer({
    ...daemon,
    ready: () => ({ ...daemon.ready(), ready }),
  });
  expect((await server.ask({ path: "/healthz" })).json()).toEqual({
    alive: true,
    version: "0.1.0",
  });
  expect((await server.ask({ path: "/readyz" })).status).toBe(200);
  ready = false;
  const unready = await server.ask({ path: "/readyz" });
  expect(unready.status).toBe(503);
  expect(unready.json()).toMatchObject({
    ready: false,
    dependencies: [{ name: "engine" }, { name: "postgres" }, {}],
  });
  const metrics = await server.ask({ path: "/metrics" });
  expect(metrics.headers["content-type"]).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(metrics.text).toContain("berth_leader 1");
});

test("names are taken as they are written, percent-encoded or not", async () => {
  await using server = await startServer(Object.assign(fakeDaemon(), { world: [aProject("a-b")] }));
  expect((await server.ask({ path: "/api/v1/projects/a%2Db" })).status).toBe(200);
});

test("an address with a NUL is refused before anything is looked up by it", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  for (const path of ["runs/a%00", "runs?project=a%00b", "tasks?tag=%00", "audit?project=%00"]) {
    const answer = await server.ask({ path: `/api/v1/${path}` });
    expect([path, answer.status, answer.json()]).toMatchObject([
      path,
      400,
      { code: "api.request-invalid" },
    ]);
  }
});

test.each([
  ["entry", { entry: "a\0", files: { "a\0": "" } }],
  ["base", { base: "/\uD800" }],
  ["overlays", { overlays: ["/\0"] }],
])("a bundle whose %s no database keeps is refused by its place", async (place, wrong) => {
  await using server = await startServer(fakeDaemon());
  const bundle = { entry: "berth.yaml", files: { "berth.yaml": "" }, base: "/", overlays: [] };
  const body = { bundle: { ...bundle, ...wrong } };
  const answer = await server.ask({ method: "POST", path: "/api/v1/apply", body });
  expect([answer.status, answer.json()]).toMatchObject([
    400,
    { code: "api.request-invalid", path: expect.stringContaining(`body.bundle.${place}`) },
  ]);
});
