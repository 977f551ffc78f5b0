/** Admission by memory: the sum of what is granted, who goes first, and what the others are told. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type {
  ContainerState,
  InspectedContainer,
  ObservedContainer,
} from "../../../src/model/observed.ts";
import type { Demand, Reservation } from "../../../src/model/quota.ts";
import { allocate, memoryBudget } from "../../../src/plan/allocate/allocate.ts";
import { reservationsOf } from "../../../src/plan/allocate/reservations.ts";
import { desired, MIB, sampleRecord } from "../../support/project-samples.ts";
import { running } from "../../support/sightings.ts";

const GIB = 1024 * MIB;
const demand = (project: string, memoryBytes: number, rest: Partial<Demand> = {}): Demand => ({
  project,
  memoryBytes,
  priority: 500,
  incumbent: false,
  ...rest,
});
const held = (project: string | null, memoryBytes: number | null): Reservation => ({
  project,
  memoryBytes,
  holder: `container ${project ?? "unknown"}`,
});
const admitted = (
  demands: readonly Demand[],
  reserved: readonly Reservation[],
  budget: number,
): readonly string[] =>
  allocate(demands, reserved, budget).flatMap((each) =>
    each.admitted ? [`${each.project} ${each.memoryBytes / MIB}`] : [],
  );

test("the budget is the host's memory without its reserve, times the overcommit", () => {
  const reserve = { cpus: 0.5, memoryBytes: GIB, diskBytes: 0 };
  expect(memoryBudget({ reserve, overcommit: 1.5 }, { memoryBytes: 3 * GIB })).toBe(3 * GIB);
  expect(memoryBudget({ reserve, overcommit: 1 }, { memoryBytes: GIB / 2 })).toBe(0);
});

test("higher priority is admitted first, then who has a container, then by name", () => {
  const demands = [
    demand("b", GIB),
    demand("a", GIB),
    demand("c", GIB, { incumbent: true }),
    demand("z", GIB, { priority: 750 }),
  ];
  expect(admitted(demands, [], 3 * GIB)).toEqual(["z 1024", "c 1024", "a 1024"]);
});

test("who does not fit is told what it needs and what is free", () => {
  expect(allocate([demand("a", 2 * GIB)], [held("b", 1.5 * GIB)], 3 * GIB)).toEqual([
    {
      project: "a",
      admitted: false,
      memoryBytes: 0,
      waiting: "capacity: needs 2GiB, 1.5GiB free of 3GiB",
    },
  ]);
});

test("a smaller project of lower priority uses what a larger one before it cannot", () => {
  expect(
    admitted([demand("big", 2 * GIB, { priority: 750 }), demand("small", GIB)], [], 1.5 * GIB),
  ).toEqual(["small 1024"]);
});

test("nothing that runs is preempted, whatever the priority of who waits", () => {
  const demands = [demand("new", GIB, { priority: 1000 }), demand("old", GIB, { incumbent: true })];
  expect(admitted(demands, [held("old", GIB)], GIB)).toEqual(["old 1024"]);
});

test("an increase that does not fit keeps the old limit and says so", () => {
  expect(allocate([demand("a", 2 * GIB)], [held("a", GIB)], 1.5 * GIB)).toEqual([
    {
      project: "a",
      admitted: true,
      memoryBytes: GIB,
      waiting: "capacity: needs 1GiB more, 512MiB free of 1.5GiB",
    },
  ]);
});

test("a decrease frees nothing before it is done", () => {
  expect(admitted([demand("a", GIB), demand("b", GIB)], [held("a", 2 * GIB)], 2 * GIB)).toEqual([
    "a 1024",
  ]);
});

test("orphans and steps of a predecessor take their part", () => {
  expect(admitted([demand("a", GIB)], [held(null, GIB), held("gone", GIB)], 2.5 * GIB)).toEqual([]);
});

test("while one limit is unknown nothing more is admitted, and others' holders are not named", () => {
  const [waiting, kept] = allocate(
    [demand("a", GIB), demand("b", GIB)],
    [held("x", null), held("b", GIB)],
    100 * GIB,
  );
  expect(waiting).toMatchObject({
    admitted: false,
    waiting: "capacity: the memory limit of a container outside this project is unknown",
  });
  const [own] = allocate([demand("x", GIB)], [held("x", null)], 100 * GIB);
  expect(own?.waiting).toBe("capacity: the memory limit of container x is unknown");
  expect(kept).toMatchObject({ admitted: true, memoryBytes: GIB, waiting: null });
});

test("grants and reservations never exceed the budget, unless reservations alone do", () => {
  const names = fc.constantFrom("a", "b", "c", "d", "e");
  const sizes = fc.integer({ min: 1, max: 4 }).map((quarter) => quarter * 256 * MIB);
  const demands = fc.uniqueArray(
    fc.record({
      project: names,
      memoryBytes: sizes,
      priority: fc.constantFrom(100, 500),
      incumbent: fc.boolean(),
    }),
    { selector: ({ project }) => project },
  );
  const reserved = fc.array(
    fc.record({ project: fc.option(names), memoryBytes: sizes, holder: fc.constant("x") }),
    { maxLength: 5 },
  );
  fc.assert(
    fc.property(demands, reserved, fc.integer({ min: 0, max: 12 }), (asked, taken, quarters) => {
      const budget = quarters * 256 * MIB;
      const granted = allocate(asked, taken, budget);
      const before = taken.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
      const heldBy = (project: string): number =>
        taken.reduce((sum, each) => sum + (each.project === project ? each.memoryBytes : 0), 0);
      const extra = granted.reduce(
        (sum, { project, memoryBytes }) => sum + Math.max(0, memoryBytes - heldBy(project)),
        0,
      );
      expect(before + extra).toBeLessThanOrEqual(Math.max(budget, before));
      expect(allocate(asked.toReversed(), taken.toReversed(), budget)).toEqual(granted);
    }),
  );
});

const [container] = running(desired(sampleRecord())).containers;
const [inspection] = running(desired(sampleRecord())).inspected;
const live = (
  id: string,
  project: string,
  state: ContainerState = "running",
): ObservedContainer[] =>
  container === undefined
    ? []
    : [{ ...container, id, name: id, state, own: { ...container.own, project } }];
const limits = (
  ...sizes: readonly (readonly [id: string, bytes: number])[]
): ReadonlyMap<string, InspectedContainer> =>
  new Map(
    sizes.flatMap(([id, memoryBytes]) =>
      inspection === undefined
        ? []
        : [[id, { ...inspection, id, limits: { ...inspection.limits, memoryBytes } }]],
    ),
  );

test("live and frozen containers reserve their limit, stopped ones nothing", () => {
  const containers = [
    ...live("c1", "a"),
    ...live("c2", "b", "paused"),
    ...live("c3", "c", "exited"),
  ];
  expect(reservationsOf(containers, limits(["c1", GIB], ["c2", 2 * GIB], ["c3", GIB]), [])).toEqual(
    [
      { project: "a", memoryBytes: GIB, holder: "container c1" },
      { project: "b", memoryBytes: 2 * GIB, holder: "container c2" },
    ],
  );
});

test("a grant in flight counts once, as the larger of it and what runs", () => {
  const inFlight = [
    { project: "a", memoryBytes: 2 * GIB },
    { project: "b", memoryBytes: GIB },
  ];
  expect(reservationsOf(live("c1", "a"), limits(["c1", GIB]), inFlight)).toEqual([
    { project: "a", memoryBytes: 2 * GIB, holder: "container c1" },
    { project: "b", memoryBytes: GIB, holder: "a step in flight for b" },
  ]);
});

test("a live container that nobody could inspect, or that has no limit, reserves an unknown amount", () => {
  expect(
    reservationsOf([...live("c1", "a"), ...live("c2", "b")], limits(["c2", 0]), []).map(
      ({ memoryBytes }) => memoryBytes,
    ),
  ).toEqual([null, null]);
});
