/** Orphans: stopped at once, removed after their grace, spared when there are suspiciously many. */
import { expect, test } from "vitest";
import type {
  EngineSnapshot,
  ObservedContainer,
  ObservedNetwork,
  ObservedVolume,
} from "../../../src/model/observed.ts";
import { ORPHANS, planOrphans, type OrphanFacts } from "../../../src/plan/orphans.ts";
import { renderPlan } from "../../../src/plan/render.ts";
import { desired, INSTALL, sampleRecord, sampleSpec } from "../../support/project-samples.ts";
import { running } from "../../support/sightings.ts";

const objects = (
  name: string,
): Readonly<{
  containers: readonly ObservedContainer[];
  networks: readonly ObservedNetwork[];
  volumes: readonly ObservedVolume[];
}> => {
  const seen = running(desired(sampleRecord({ spec: sampleSpec({ name }), name })));
  const containers = seen.containers.map((each) => ({
    ...each,
    id: `c-${name}`,
    networkIds: [`n-${name}`],
  }));
  const networks = seen.networks.map((each) => ({ ...each, id: `n-${name}` }));
  const volumes = seen.volumes.map((volume) => ({
    name: volume,
    own: seen.networks[0]?.own ?? NOBODY,
    role: "data",
  }));
  return { containers, networks, volumes };
};
const NOBODY = {
  install: null,
  installUid: null,
  project: null,
  generation: null,
  specHash: null,
  epoch: null,
};

const snapshot = (...names: readonly string[]): EngineSnapshot => ({
  at: 0,
  containers: names.flatMap((name) => objects(name).containers),
  networks: names.flatMap((name) => objects(name).networks),
  volumes: names.flatMap((name) => objects(name).volumes),
});

const facts = (changes: Partial<OrphanFacts> = {}): OrphanFacts => ({
  install: INSTALL,
  projects: new Set(["web", "api"]),
  now: 100_000,
  graceMs: 60_000,
  firstSeen: new Map(),
  confirmed: false,
  ...changes,
});

const text = (engine: EngineSnapshot, given: OrphanFacts): string => {
  const verdict = planOrphans(engine, given);
  return verdict.kind === "plan"
    ? renderPlan({ project: ORPHANS, generation: 0, steps: verdict.steps, waiting: [] })
    : verdict.detail;
};

test("what is recorded is no orphan", () => {
  expect(planOrphans(snapshot("web", "api"), facts())).toEqual({
    kind: "plan",
    steps: [],
    orphans: [],
    firstSeen: new Map(),
  });
});

test("an orphan is stopped when it is first seen", () => {
  expect(text(snapshot("web", "api", "old"), facts())).toBe(
    "[] #1 container:berth-main-old, stop-container, orphan: no such project is recorded",
  );
  expect(planOrphans(snapshot("web", "api", "old"), facts()).firstSeen).toEqual(
    new Map([
      ["c-old", 100_000],
      ["n-old", 100_000],
    ]),
  );
});

test("after its grace it is removed, the network after the container, the volume never", () => {
  const firstSeen = new Map([
    ["c-old", 40_000],
    ["n-old", 40_000],
  ]);
  expect(text(snapshot("web", "api", "old"), facts({ firstSeen }))).toMatchInlineSnapshot(`
    "[] #1 container:berth-main-old, stop-container, orphan: no such project is recorded
    [1] #2 container:berth-main-old, remove-container, orphan: no such project is recorded, and its grace is over
    [2] #3 network:berth-main-old, remove-network, orphan: no such project is recorded, and its grace is over"
  `);
  expect(text(snapshot("web", "api", "old"), facts({ firstSeen, now: 99_999 }))).not.toContain(
    "remove",
  );
});

test("a frozen orphan is thawed before its stop", () => {
  const engine = snapshot("web", "api", "old");
  const containers = engine.containers.map((each) =>
    each.id === "c-old" ? { ...each, state: "paused" as const } : each,
  );
  expect(text({ ...engine, containers }, facts())).toContain(
    "#1 container:berth-main-old, thaw-container",
  );
});

test("if more than half of our objects would be orphans nothing is touched, until an operator says so", () => {
  expect(text(snapshot("web", "old", "older"), facts())).toBe(
    "4 of 6 objects of this install belong to no recorded project",
  );
  expect(text(snapshot("web", "old", "older"), facts({ confirmed: true }))).toContain(
    "stop-container",
  );
});

test("objects of another install, or with our name and another uid, are nobody's orphans", () => {
  const engine = snapshot("web", "api", "old");
  for (const change of [{ install: "other" }, { installUid: "other" }, NOBODY]) {
    const own = <T extends Readonly<{ id: string; own: object }>>(each: T): T =>
      each.id.endsWith("old") ? { ...each, own: { ...each.own, ...change } } : each;
    const verdict = planOrphans(
      { ...engine, containers: engine.containers.map(own), networks: engine.networks.map(own) },
      facts(),
    );
    expect(verdict.orphans).toEqual([]);
  }
});

test("a container of ours without a project may be at work, so it is spared until its grace is over", () => {
  const engine = snapshot("web", "api");
  const [web] = objects("helper").containers;
  const lone = web === undefined ? [] : [{ ...web, own: { ...web.own, project: null } }];
  const with1 = { ...engine, containers: [...engine.containers, ...lone] };
  expect(text(with1, facts())).toBe("");
  expect(text(with1, facts({ firstSeen: new Map([["c-helper", 0]]) }))).toContain(
    "remove-container",
  );
});

test("an errand of an earlier epoch is removed at once: its leader is gone", () => {
  const engine = snapshot("web");
  const [web] = engine.containers;
  const errand = (epoch: number) =>
    web === undefined
      ? []
      : [{ ...web, id: "c-errand", own: { ...web.own, project: null, epoch } }];
  const beside = (epoch: number) => ({
    ...engine,
    containers: [...engine.containers, ...errand(epoch)],
  });
  expect(text(beside(INSTALL.epoch), facts())).toBe("");
  expect(text(beside(INSTALL.epoch - 1), facts())).toContain("remove-container");
});

test("errands without a project neither count towards the guard nor raise it", () => {
  const engine = snapshot("web", "old");
  const errands = engine.containers.flatMap((each, at) =>
    [1, 2, 3].map((n) => ({
      ...each,
      id: `errand-${at}-${n}`,
      own: { ...each.own, project: null },
    })),
  );
  const verdict = planOrphans(
    { ...engine, containers: [...engine.containers, ...errands] },
    facts(),
  );
  expect(verdict.kind).toBe("plan");
  const lost = snapshot("web", "old", "older");
  expect(planOrphans({ ...lost, containers: [...lost.containers, ...errands] }, facts()).kind).toBe(
    "mass-orphans",
  );
});
