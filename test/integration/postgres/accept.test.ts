/** Accepting declarations: generations, what an apply changes and what it leaves alone. */
import { expect, test } from "vitest";
import type { ProjectRow } from "../../../src/postgres/door.ts";
import { agentSpec, declarationOf, projectSpec } from "../../support/declarations.ts";
import { database, door, epoch, leadOwnDatabase, startWith } from "./leader.ts";
import { acceptOf, intentOf, moveOf, refusalOf, wantOf } from "./requests.ts";

leadOwnDatabase();
startWith("generation, project, subnet, audit, answer");

const web = projectSpec("web");
const api = projectSpec("api");

async function rowOf(name: string): Promise<ProjectRow> {
  const row = (await door.projects()).find((project) => project.name === name);
  if (row === undefined) throw new Error(`${name} is not recorded`);
  return row;
}

test("a first declaration makes generation 1, its projects active and the audit say who", async () => {
  const before = await door.clock();
  const result = await door.accept(acceptOf(epoch, declarationOf(web, api)));
  expect(result).toEqual({ generation: 1, changed: true, unnamed: [], pruned: [] });
  expect(await rowOf("web")).toMatchObject({
    spec: web,
    generation: 1,
    declared: true,
    wanted: "active",
    phase: "activating",
    subnet: null,
    journalSeq: 0,
    restartSerials: {},
    stoppedAgents: [],
  });
  expect((await rowOf("web")).phaseSince).toBeGreaterThanOrEqual(before - 1);
  expect(await door.current()).toEqual({ generation: 1, declaration: declarationOf(web, api) });
  expect(await door.generations(5)).toMatchObject([
    {
      generation: 1,
      source: "/etc/berth/berth.yaml",
      by: { who: "local", claim: "ada" },
      rollbackOf: null,
      projects: ["api", "web"],
    },
  ]);
  expect((await door.generation(1))?.bundle.files).toEqual({ "berth.yaml": "text" });
  expect(await door.generation(9)).toBeNull();
  expect(await door.audit({ limit: 5, project: null, since: null, before: null })).toMatchObject([
    { action: "apply", by: { who: "local", claim: "ada", reason: null } },
  ]);
});

test("the same declaration again writes nothing", async () => {
  await door.accept(acceptOf(epoch, declarationOf(web)));
  const before = await database.sql("select xmin, * from project");
  expect(await door.accept(acceptOf(epoch, declarationOf(web)))).toMatchObject({
    generation: 1,
    changed: false,
  });
  expect(await database.sql("select xmin, * from project")).toEqual(before);
  expect(await door.generations(5)).toHaveLength(1);
  expect(await door.audit({ limit: 5, project: null, since: null, before: null })).toHaveLength(1);
});

test("a changed spec moves only that project's generation", async () => {
  await door.accept(acceptOf(epoch, declarationOf(web, api)));
  const bigger = { ...web, weight: 9 };
  expect(await door.accept(acceptOf(epoch, declarationOf(bigger, api)))).toMatchObject({
    generation: 2,
    changed: true,
  });
  expect([(await rowOf("web")).generation, (await rowOf("api")).generation]).toEqual([2, 1]);
  expect((await rowOf("web")).spec.weight).toBe(9);
});

test("a changed host is a new generation and touches no project", async () => {
  await door.accept(acceptOf(epoch, declarationOf(web)));
  const declaration = declarationOf(web);
  const host = { ...declaration.host, overcommit: 2 };
  expect(await door.accept(acceptOf(epoch, { ...declaration, host }))).toMatchObject({
    generation: 2,
    changed: true,
  });
  expect((await rowOf("web")).generation).toBe(1);
  expect((await door.current()).declaration?.host.overcommit).toBe(2);
});

test("an unnamed project is listed and left alone; prune deactivates it, if this source declared it", async () => {
  await door.accept(acceptOf(epoch, declarationOf(web, api)));
  await door.accept(
    acceptOf(epoch, declarationOf(projectSpec("other")), { source: "/srv/other.yaml" }),
  );
  expect(await door.accept(acceptOf(epoch, declarationOf(web)))).toMatchObject({
    unnamed: ["api"],
    pruned: [],
  });
  expect(await rowOf("api")).toMatchObject({ declared: true, wanted: "active" });
  expect(await door.accept(acceptOf(epoch, declarationOf(web), { prune: true }))).toMatchObject({
    changed: true,
    unnamed: [],
    pruned: ["api"],
  });
  expect(await rowOf("api")).toMatchObject({
    declared: false,
    wanted: "inactive",
    phase: "deactivating",
  });
  expect(await rowOf("other")).toMatchObject({ declared: true, wanted: "active" });
});

test("a pruned project declared again is active again", async () => {
  await door.accept(acceptOf(epoch, declarationOf(web, api)));
  await door.accept(acceptOf(epoch, declarationOf(web), { prune: true }));
  expect(await door.accept(acceptOf(epoch, declarationOf(web, api)))).toMatchObject({
    changed: true,
  });
  expect(await rowOf("api")).toMatchObject({
    declared: true,
    wanted: "active",
    phase: "activating",
    generation: 1,
  });
});

test.each(["frozen", "stopped", "completed"] as const)(
  "a project the operator wants %s stays so over an apply",
  async (wanted) => {
    await door.accept(acceptOf(epoch, declarationOf(web)));
    const { phase } = await door.intend(wantOf(epoch, "web", wanted));
    await door.accept(acceptOf(epoch, declarationOf({ ...web, weight: 2 })));
    expect(await rowOf("web")).toMatchObject({ wanted, phase, generation: 2 });
  },
);

test("an operator's apply wakes what was made inactive; the daemon's own re-reading does not", async () => {
  await door.accept(acceptOf(epoch, declarationOf(web)));
  await door.intend(wantOf(epoch, "web", "inactive"));
  const config = { who: "config", claim: null, reason: null };
  expect(await door.accept(acceptOf(epoch, declarationOf(web), { by: config }))).toMatchObject({
    changed: false,
  });
  expect(await door.accept(acceptOf(epoch, declarationOf(web)))).toMatchObject({ changed: true });
  expect(await rowOf("web")).toMatchObject({ wanted: "active", phase: "activating" });
});

test("a project that is being removed cannot be accepted until it is gone", async () => {
  await door.accept(acceptOf(epoch, declarationOf(web)));
  await door.intend(wantOf(epoch, "web", "removed"));
  expect(await refusalOf(door.accept(acceptOf(epoch, declarationOf(web))))).toBe(
    "conflict postgres.project-leaving",
  );
  await door.settlePhase(moveOf({ epoch, project: "web", from: "removing", to: "removed" }));
  expect(await door.accept(acceptOf(epoch, declarationOf(web)))).toMatchObject({ changed: true });
});

test("a scale lasts until the declaration changes that agent's replicas", async () => {
  const two = projectSpec("web", {
    agents: { worker: agentSpec("worker"), other: agentSpec("other") },
  });
  await door.accept(acceptOf(epoch, declarationOf(two)));
  await door.intend(intentOf(epoch, "web", { kind: "scale", agent: "worker", replicas: 2 }));
  await door.intend(intentOf(epoch, "web", { kind: "scale", agent: "other", replicas: 2 }));
  await door.accept(acceptOf(epoch, declarationOf({ ...two, weight: 3 })));
  expect((await rowOf("web")).replicas).toEqual({ worker: 2, other: 2 });
  const agents = { ...two.agents, worker: agentSpec("worker", { replicas: 3 }) };
  await door.accept(acceptOf(epoch, declarationOf({ ...two, agents })));
  expect((await rowOf("web")).replicas).toEqual({ other: 2 });
});

test("a plan made on another generation is refused", async () => {
  await door.accept(acceptOf(epoch, declarationOf(web)));
  const late = acceptOf(epoch, declarationOf(api), { expectedGeneration: 0 });
  expect(await refusalOf(door.accept(late))).toBe("conflict postgres.generation-moved");
  expect(await door.accept({ ...late, expectedGeneration: 1 })).toMatchObject({ generation: 2 });
});

test("a rollback is a new generation that says what it goes back to", async () => {
  await door.accept(acceptOf(epoch, declarationOf(web)));
  await door.accept(acceptOf(epoch, declarationOf({ ...web, weight: 7 })));
  await door.accept(acceptOf(epoch, declarationOf(web), { rollbackOf: 1 }));
  expect(await door.generations(1)).toMatchObject([{ generation: 3, rollbackOf: 1 }]);
  expect(await rowOf("web")).toMatchObject({ generation: 3, spec: web });
});

test("a generation keeps who is in force with it: what was removed by then is not, what others declare is", async () => {
  const membersOf = async (generation: number) => (await door.generation(generation))?.members;
  await door.accept(acceptOf(epoch, declarationOf(web, api), { source: "/a" }));
  await door.intend(wantOf(epoch, "api", "removed"));
  await door.accept(acceptOf(epoch, declarationOf(projectSpec("docs")), { source: "/b" }));
  await door.accept(
    acceptOf(epoch, declarationOf(projectSpec("late")), { source: "/b", prune: true }),
  );
  expect(await Promise.all([1, 2, 3].map(membersOf))).toEqual([
    ["api", "web"],
    ["docs", "web"],
    ["late", "web"],
  ]);
});

test("the accepted set as of a generation is each source's declaration then; a rollback takes it over whole", async () => {
  const textOf = (text: string) => ({
    bundle: { entry: "berth.yaml", files: { "berth.yaml": text }, base: "/", overlays: [] },
  });
  const first = { source: "/a", ...textOf("a1") };
  const second = { source: "/b", ...textOf("b2") };
  await door.accept(acceptOf(epoch, declarationOf(web), first));
  await door.accept(acceptOf(epoch, declarationOf(api), second));
  const bigger = declarationOf({ ...web, weight: 9 });
  await door.accept(acceptOf(epoch, bigger, { ...first, ...textOf("a3") }));
  await door.accept(acceptOf(epoch, declarationOf(projectSpec("late")), { source: "/c" }));
  const back = { ...second, sources: { web: "/a" }, rollbackOf: 2, prune: true };
  expect(await door.accept(acceptOf(epoch, declarationOf(web, api), back))).toEqual({
    generation: 5,
    changed: true,
    unnamed: [],
    pruned: ["late"],
  });
  expect(await rowOf("web")).toMatchObject({ spec: web, source: "/a", generation: 5 });
  expect(await rowOf("api")).toMatchObject({ source: "/b", generation: 2 });
  const texts = async (generation: number) =>
    (await door.sources(generation)).map(
      ({ source, bundle }) => `${source} ${bundle?.files["berth.yaml"]}`,
    );
  expect(await texts(2)).toEqual(["/a a1", "/b b2"]);
  expect(await texts(4)).toEqual(["/b b2", "/a a3", "/c text"]);
  expect(await texts(5)).toEqual(["/a a1", "/b b2"]);
  expect(await texts(9)).toEqual([]);
  expect(await door.accept(acceptOf(epoch, declarationOf(web, api), back))).toMatchObject({
    generation: 5,
    changed: false,
  });
});

test("what the accepted set of a kept generation consists of is kept; of others it may be missing", async () => {
  const accept = (name: string, weight: number) =>
    door.accept(
      acceptOf(epoch, declarationOf(projectSpec(name, { weight })), { source: `/${name}` }),
    );
  for (const weight of [1, 2, 3]) {
    await accept("web", weight);
    await accept("api", weight);
  }
  const days = { runsDays: 1, eventsDays: 1, stepsDays: 1, auditDays: 1 };
  await door.enforceRetention({ epoch, ...days, generationsKept: 3 });
  expect((await door.generations(9)).map((row) => row.generation)).toEqual([6, 5, 4, 3]);
  expect((await door.generations(2, 5)).map((row) => row.generation)).toEqual([4, 3]);
  expect((await door.sources(4)).map(({ bundle }) => bundle !== null)).toEqual([true, true]);
  expect((await door.sources(3)).map(({ bundle }) => bundle !== null)).toEqual([false, true]);
});

test("the same idempotency key gets the same answer and writes once; another body under it is refused", async () => {
  const request = acceptOf(epoch, declarationOf(web), { idempotencyKey: "k1" });
  const answers = await Promise.all([1, 2, 3, 4].map(() => door.accept(request)));
  for (const answer of answers)
    expect(answer).toEqual({ generation: 1, changed: true, unnamed: [], pruned: [] });
  expect(await door.generations(5)).toHaveLength(1);
  expect(await refusalOf(door.accept({ ...request, declaration: declarationOf(api) }))).toBe(
    "conflict postgres.idempotency-reused",
  );
});

test("accepts at once are numbered without a gap", async () => {
  const names = Array.from({ length: 12 }, (_, at) => `p-${at}`);
  const results = await Promise.all(
    names.map((name) =>
      door.accept(acceptOf(epoch, declarationOf(projectSpec(name)), { source: name })),
    ),
  );
  expect(results.map((result) => result.generation).toSorted((a, b) => a - b)).toEqual(
    names.map((_, at) => at + 1),
  );
  expect(await door.projects()).toHaveLength(12);
});
