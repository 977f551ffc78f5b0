/** Checks of plans: each fault a planner could make is found before anything is done. */
import { expect, test } from "vitest";
import type { DesiredProject } from "../../../src/model/desired-project.ts";
import type { ObservedProject } from "../../../src/model/observed-project.ts";
import type { Plan, StepAction } from "../../../src/model/step.ts";
import { checkPlan } from "../../../src/plan/checks.ts";
import { converge } from "../../../src/plan/converge/converge.ts";
import { desired, MIB, sampleRecord, sampleSpec } from "../../support/project-samples.ts";
import { running, seen } from "../../support/sightings.ts";

const web = desired(sampleRecord());
const up = running(web);
const removed = desired(sampleRecord({ wanted: "removed", phase: "removing" }));
const { container, network, runnerConfig } = web;
if (container === null || network === null || runnerConfig === null)
  throw new Error("sample is not complete");

const CREATE: StepAction = { kind: "create-container", container };
const START: StepAction = { kind: "start-container", containerId: null };
const SPOOL: StepAction = { kind: "prepare-spool", config: runnerConfig };
const STOP: StepAction = { kind: "stop-container", containerId: "c1", graceMs: 1 };
const REMOVE: StepAction = { kind: "remove-container", containerId: "c1" };

/** A plan whose steps come one after the other, or all at once. */
function planOf(actions: readonly StepAction[], chained = true): Plan {
  const shared = {
    project: "web",
    resource: "r",
    cause: "c",
    impact: "none",
    changes: [],
    interrupts: [],
    external: false,
  } as const;
  const steps = actions.map((action, at) => ({
    ...shared,
    id: at + 1,
    after: chained && at > 0 ? [at] : [],
    ...action,
  }));
  return { project: "web", generation: 1, steps, waiting: [] };
}

const faults = (
  actions: readonly StepAction[],
  observed: ObservedProject = up,
  wish: DesiredProject = web,
): readonly string[] => checkPlan(planOf(actions), wish, observed);

test("a replacement in the right order has no fault, the same steps at once have", () => {
  expect(faults([STOP, REMOVE, SPOOL, CREATE, START])).toEqual([]);
  expect(checkPlan(planOf([STOP, REMOVE, SPOOL, CREATE, START], false), web, up)).toEqual([
    "#2 remove-container: the container was not stopped first",
    "#4 create-container: container berth-main-web still exists",
    "#5 start-container: nothing was created to start",
  ]);
});

test("steps that come after themselves or later ones are a fault", () => {
  const [first] = planOf([STOP]).steps;
  if (first === undefined) throw new Error("no step");
  expect(checkPlan({ ...planOf([]), steps: [{ ...first, after: [1] }] }, web, up)).toEqual([
    "#1: cannot come after #1",
  ]);
  expect(checkPlan({ ...planOf([]), steps: [{ ...first, id: 2 }] }, web, up)).toEqual([
    "#2: ids must count from 1 in order",
  ]);
  expect(checkPlan({ ...planOf([]), steps: [{ ...first, project: "api" }] }, web, up)).toEqual([
    "#1: belongs to api, not to web",
  ]);
});

test("two creates are a fault", () => {
  expect(faults([SPOOL, CREATE, CREATE], seen())).toEqual(["more than one create-container"]);
});

test("acting on what is not ours is a fault", () => {
  expect(faults([{ kind: "stop-container", containerId: "c9", graceMs: 1 }])).toEqual([
    "#1 stop-container: container c9 is not ours",
  ]);
  expect(faults([{ kind: "remove-network", networkId: "n9" }])).toEqual([
    "#1 remove-network: network n9 is not ours",
  ]);
  expect(faults([{ kind: "connect-network", containerId: "c1", networkId: "n9" }])).toEqual([
    "#1 connect-network: network n9 is not ours",
  ]);
  expect(faults([{ kind: "disconnect-network", containerId: "c1", networkId: "n9" }])).toEqual([]);
  expect(faults([{ kind: "disconnect-network", containerId: "c1", networkId: "n1" }])).toEqual([
    "#1 disconnect-network: takes the container off its own network",
  ]);
});

test("creating under a taken name is a fault", () => {
  const foreign = { container: true, network: true, volumes: [] };
  expect(faults([{ kind: "create-network", network }, CREATE], seen({ foreign }))).toEqual([
    "#1 create-network: its name is taken by a network that is not ours",
    "#2 create-container: its name is taken by a container that is not ours",
  ]);
});

test("creating without admission, or with more than was granted, is a fault", () => {
  const denied = desired(sampleRecord(), { allocation: null });
  expect(faults([CREATE], seen(), denied)).toEqual([
    "#1 create-container: the project is not admitted",
  ]);
  const small = desired(
    sampleRecord({
      spec: sampleSpec({ limits: { ...sampleSpec().limits, memoryBytes: 64 * MIB } }),
    }),
  );
  expect(faults([CREATE], seen(), small)).toEqual([
    "#1 create-container: asks for more memory than was granted",
  ]);
  expect(
    faults([{ kind: "update-container", containerId: "c1", limits: container.limits }], up, small),
  ).toEqual(["#1 update-container: asks for more memory than was granted"]);
});

test("stopping a frozen container before its thaw is a fault", () => {
  const frozen = {
    ...up,
    containers: up.containers.map((each) => ({ ...each, state: "paused" as const })),
  };
  expect(faults([STOP], frozen)).toEqual([
    "#1 stop-container: a frozen container must be thawed first",
  ]);
  expect(faults([{ kind: "thaw-container", containerId: "c1" }, STOP], frozen)).toEqual([]);
});

test("removing what is still used is a fault", () => {
  expect(faults([{ kind: "remove-network", networkId: "n1" }])).toEqual([
    "#1 remove-network: container berth-main-web is still on it",
  ]);
  expect(faults([{ kind: "release-subnet" }], up, removed)).toEqual([
    "#1 release-subnet: container berth-main-web still exists",
  ]);
  expect(faults([STOP, REMOVE, { kind: "release-subnet" }], up, removed)).toEqual([
    "#3 release-subnet: network berth-main-web still uses it",
  ]);
  expect(faults([{ kind: "create-network", network }])).toEqual([
    "#1 create-network: network berth-main-web still exists",
  ]);
});

test("removing data that nobody asked to remove is a fault", () => {
  const volume: StepAction = { kind: "remove-volume", name: "berth-main-web.data" };
  const gone = { ...up, containers: [] };
  expect(faults([{ kind: "remove-spool" }], gone)).toEqual([
    "#1 remove-spool: the project is not removed",
  ]);
  expect(faults([volume], gone, removed)).toEqual([
    "#1 remove-volume: nobody asked to remove its volumes",
  ]);
  const wish = desired(sampleRecord({ wanted: "removed", phase: "removing", removeVolumes: true }));
  expect(faults([volume], gone, wish)).toEqual([]);
  expect(faults([{ kind: "remove-volume", name: "other" }], gone, wish)).toEqual([
    "#1 remove-volume: volume other is not ours",
  ]);
});

test("starting beside another container, or without a spool, is a fault", () => {
  const start: StepAction = { kind: "start-container", containerId: "c2" };
  const two = {
    ...up,
    containers: up.containers.flatMap((each) => [
      each,
      { ...each, id: "c2", state: "exited" as const },
    ]),
  };
  expect(faults([SPOOL, start], two)).toEqual([
    "#2 start-container: container berth-main-web still exists",
  ]);
  expect(faults([STOP, REMOVE, start], two)).toEqual([
    "#3 start-container: the spool was not prepared",
  ]);
});

test("starting what is to be stopped is a fault", () => {
  const wish = desired(sampleRecord({ wanted: "stopped", phase: "pausing" }));
  expect(faults([SPOOL, { kind: "start-container", containerId: "c1" }], up, wish)).toEqual([
    "#2 start-container: nothing is to run (stopped)",
  ]);
});

test("what converge plans has no fault", () => {
  const wish = desired(sampleRecord({ spec: sampleSpec({ image: "node:27" }) }));
  expect(checkPlan(converge(wish, up), wish, up)).toEqual([]);
});
