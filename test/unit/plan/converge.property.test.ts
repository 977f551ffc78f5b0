/** Properties of converge and allocate over arbitrary worlds: it gets there, stays there, and never does what it must not. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { converge } from "../../../src/plan/converge/converge.ts";
import { isLive } from "../../../src/plan/live.ts";
import { renderPlan } from "../../../src/plan/render.ts";
import { die } from "../../support/fake-engine.ts";
import { grants, liveOf, think, type Host } from "../../support/fake-host.ts";
import {
  leftovers,
  meddleWith,
  MOVED,
  planAll,
  records,
  settleTime,
  tapes,
  Tape,
  together,
  walk,
  type Walk,
} from "../../support/fake-worlds.ts";
import { shortOf } from "../../support/fake-oracle.ts";
import { MIB } from "../../support/project-samples.ts";

const SUBNETS = { web: "10.201.0.0/28", api: "10.201.0.16/28", job: "10.201.0.32/28" };
const AMPLE = 100_000 * MIB;
const MAX_ROUNDS = 6;

const webs = records("web", SUBNETS.web);
const worlds = (maxContainers = 3): fc.Arbitrary<Host> =>
  webs.chain((record) =>
    leftovers(record, maxContainers).map((engine) => ({
      engine,
      records: [record],
      budgetBytes: AMPLE,
    })),
  );

/** Rounds until nothing is planned; fails when it takes more than `limit`. */
function reach(start: Host, walking: Omit<Walk, "tape"> = {}, limit = MAX_ROUNDS): Host {
  let host = settleTime(start, SUBNETS);
  for (let round = 0; round <= limit; round += 1) {
    const plans = planAll(host);
    if (plans.every(({ steps }) => steps.length === 0)) return host;
    if (round === limit)
      throw new Error(`still planning after ${limit} rounds:\n${plans.map(renderPlan).join("\n")}`);
    host = settleTime(walk(host, plans, { tape: new Tape([]), ...walking }), SUBNETS);
  }
  return host;
}

/** Everything that must be the same however the way there was: ids and ages left out. */
function summary({ engine, records: rows }: Host): unknown {
  return {
    rows,
    containers: engine.containers
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map(({ name, project, state, specHash, limits, networkIds }) => ({
        name,
        project,
        state,
        specHash,
        limits,
        networks: networkIds.map(
          (id) => engine.networks.find((network) => network.id === id)?.name,
        ),
      })),
    networks: engine.networks
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map(({ name, project, subnet, egress }) => [name, project, subnet, egress]),
    volumes: engine.volumes.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    spools: Object.entries(engine.spools).map(([name, config]) => [name, config?.hash]),
    runners: rows.map(({ name }) =>
      liveOf(engine, name).some(({ state }) => state === "running")
        ? engine.runners[name]?.hash
        : null,
    ),
    openRuns: engine.openRuns,
  };
}

const noSecondLife: Walk["watch"] = (before, after, step) => {
  const was = liveOf(before.engine, step.project).length;
  const is = liveOf(after.engine, step.project).length;
  if (is > Math.max(1, was)) throw new Error(`${is} live containers after ${step.kind}`);
};

const liveBytes = ({ engine }: Host): number =>
  engine.containers.reduce(
    (bytes, { project, state, limits }) =>
      bytes + (project !== null && isLive(state) ? limits.memoryBytes : 0),
    0,
  );

const foreignOf = ({ engine }: Host): unknown =>
  [engine.containers, engine.networks, engine.volumes].map((objects) =>
    objects.filter(({ project }) => project === null),
  );

test("from any observed state a project is where it should be within six rounds, and then nothing is planned", () => {
  fc.assert(
    fc.property(worlds(), (host) => {
      const end = reach(host, { watch: noSecondLife });
      expect(host.records.flatMap((record) => shortOf(end, record))).toEqual([]);
      expect(planAll(end).flatMap(({ steps }) => steps)).toEqual([]);
    }),
    { numRuns: 150 },
  );
});

test("a name moved or taken away plans nothing for what is as it should be, and a start for what dies", () => {
  fc.assert(
    fc.property(worlds(1), fc.constantFrom({}, MOVED), (host, images) => {
      const end = reach(host);
      const elsewhere = { ...end, engine: { ...end.engine, images } };
      expect(planAll(elsewhere).flatMap(({ steps }) => steps)).toEqual([]);
      const dead = liveOf(end.engine, "web").reduce(
        (engine, { id }) => die(engine, id, 137),
        elsewhere.engine,
      );
      const kinds = planAll({ ...elsewhere, engine: dead }).flatMap(({ steps }) => steps);
      expect(kinds.map(({ kind }) => kind)).not.toContain("ensure-image");
      expect(kinds.map(({ kind }) => kind)).not.toContain("create-container");
      expect(
        host.records.flatMap((row) => shortOf(reach({ ...elsewhere, engine: dead }), row)),
      ).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

test("what is not ours is never touched, whatever is done around it", () => {
  fc.assert(
    fc.property(worlds(), tapes, (host, choices) => {
      const tape = new Tape(choices);
      const before = foreignOf(host);
      let now = settleTime(host, SUBNETS);
      for (let round = 0; round < 4; round += 1)
        now = settleTime(walk(now, planAll(now), { tape, loseOneIn: 5 }), SUBNETS);
      expect(foreignOf(now)).toEqual(before);
    }),
  );
});

test("a crash at any step boundary reaches the same end", () => {
  fc.assert(
    fc.property(worlds(), tapes, fc.nat({ max: 10 }), (host, choices, crashAfter) => {
      const end = reach(host);
      const crashed = walk(settleTime(host, SUBNETS), planAll(settleTime(host, SUBNETS)), {
        tape: new Tape(choices),
        crashAfter,
        watch: noSecondLife,
      });
      expect(summary(reach(crashed, { watch: noSecondLife }))).toEqual(summary(end));
    }),
    { numRuns: 100 },
  );
});

test("lost answers and foreign hands between any two steps delay the end but do not prevent it", () => {
  fc.assert(
    fc.property(worlds(1), tapes, (host, choices) => {
      const tape = new Tape(choices);
      let now = settleTime(host, SUBNETS);
      for (let round = 0; round < 3; round += 1) {
        const walking: Walk = {
          tape,
          loseOneIn: 4,
          watch: noSecondLife,
          meddle: (at) => meddleWith(at, tape),
        };
        now = settleTime(walk(now, planAll(now), walking), SUBNETS);
      }
      const end = reach(now, { watch: noSecondLife });
      expect(host.records.flatMap((record) => shortOf(end, record))).toEqual([]);
    }),
    { numRuns: 100 },
  );
});

test("a stale plan and a fresh one, interleaved in any order, never make two live containers", () => {
  fc.assert(
    fc.property(worlds(1), tapes, fc.nat({ max: 8 }), (host, choices, staleAfter) => {
      const tape = new Tape(choices);
      const start = settleTime(host, SUBNETS);
      const stale = planAll(start);
      const between = walk(start, stale, { tape, crashAfter: staleAfter });
      const end = walk(between, [...stale, ...planAll(between)], { tape, watch: noSecondLife });
      const unmoved = host.records.filter((record) => end.records.includes(record));
      expect(unmoved.flatMap((record) => shortOf(reach(end), record))).toEqual([]);
    }),
    { numRuns: 100 },
  );
});

test("limits of what lives never add up to more than the budget, in every state on the way", () => {
  const three = fc
    .tuple(webs, records("api", SUBNETS.api), records("job", SUBNETS.job))
    .chain((rows) =>
      fc.record({
        engine: fc.tuple(...rows.map((row) => leftovers(row))).map((engines) => together(engines)),
        records: fc.constant(rows),
        budgetBytes: fc.constantFrom(600 * MIB, 1100 * MIB, 1600 * MIB),
      }),
    );
  fc.assert(
    fc.property(three, tapes, (host, choices) => {
      const tape = new Tape(choices);
      // A world that begins over budget may stay so (nothing that runs is preempted) but not grow from round to round.
      const watchFrom =
        (start: Host): NonNullable<Walk["watch"]> =>
        (_before, after, step) => {
          if (liveBytes(after) > Math.max(host.budgetBytes, liveBytes(start)))
            throw new Error(`over budget after ${step.kind} of ${step.project}`);
        };
      let now = settleTime(host, SUBNETS);
      for (let round = 0; round < 5; round += 1) {
        now = settleTime(
          walk(now, planAll(now), { tape, loseOneIn: 6, watch: watchFrom(now) }),
          SUBNETS,
        );
      }
      const end = reach(now, { watch: watchFrom(now) }, 12);
      expect(liveBytes(end)).toBeLessThanOrEqual(Math.max(host.budgetBytes, liveBytes(host)));
    }),
    { numRuns: 60 },
  );
});

test("shifting every clock that was read changes no plan", () => {
  fc.assert(
    fc.property(worlds(), fc.integer({ min: -1e12, max: 1e12 }), (host, shift) => {
      const allocations = grants(host);
      for (const record of host.records) {
        const { desired: wish, observed, plan } = think(host, record, allocations);
        const containers = observed.containers.map((each) => ({
          ...each,
          createdAt: each.createdAt + shift,
        }));
        const runner =
          observed.runner === null
            ? null
            : { ...observed.runner, heardAt: observed.runner.heardAt + shift };
        expect(converge(wish, { ...observed, containers, runner })).toEqual(plan);
      }
    }),
  );
});

test("the order in which the engine lists things changes no plan", () => {
  fc.assert(
    fc.property(worlds(), (host) => {
      const allocations = grants(host);
      for (const record of host.records) {
        const { desired: wish, observed, plan } = think(host, record, allocations);
        const turned = {
          ...observed,
          containers: observed.containers.toReversed(),
          networks: observed.networks.toReversed(),
        };
        expect(converge(wish, turned)).toEqual(plan);
      }
    }),
  );
});
