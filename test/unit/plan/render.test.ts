/** Plans as text, for programs to compare and for people to read: every kind of step has its words. */
import { expect, test } from "vitest";
import type { Plan, Step, StepAction, StepKind } from "../../../src/model/step.ts";
import { converge } from "../../../src/plan/converge/converge.ts";
import { driftOf } from "../../../src/plan/drift.ts";
import { describeStep, renderForPeople, renderPlan } from "../../../src/plan/render.ts";
import { desired, MIB, sampleRecord, sampleSpec } from "../../support/project-samples.ts";
import { running } from "../../support/sightings.ts";

const web = desired(sampleRecord());
const { container, network, runnerConfig } = web;
if (container === null || network === null || runnerConfig === null)
  throw new Error("sample is not complete");

/** One of each; typed so that a kind without a golden does not compile. */
const EACH: { readonly [K in StepKind]: Extract<StepAction, { kind: K }> } = {
  "ensure-image": { kind: "ensure-image", image: "node:26" },
  "create-volume": { kind: "create-volume", volume: "data", name: "berth-main-web.data" },
  "remove-volume": { kind: "remove-volume", name: "berth-main-web.data" },
  "create-network": { kind: "create-network", network },
  "remove-network": { kind: "remove-network", networkId: "n1" },
  "connect-network": { kind: "connect-network", containerId: "c1", networkId: "n1" },
  "disconnect-network": { kind: "disconnect-network", containerId: "c1", networkId: "n1" },
  "prepare-spool": { kind: "prepare-spool", config: runnerConfig },
  "remove-spool": { kind: "remove-spool" },
  "create-container": { kind: "create-container", container },
  "start-container": { kind: "start-container", containerId: null },
  "update-container": {
    kind: "update-container",
    containerId: "0123456789abcdef",
    limits: container.limits,
  },
  "pause-container": { kind: "pause-container", containerId: "c1" },
  "thaw-container": { kind: "thaw-container", containerId: "c1" },
  "stop-container": { kind: "stop-container", containerId: "c1", graceMs: 15_000 },
  "remove-container": { kind: "remove-container", containerId: "c1" },
  "configure-agents": { kind: "configure-agents", config: runnerConfig },
  "settle-runs": { kind: "settle-runs", reason: "gone" },
  "release-subnet": { kind: "release-subnet" },
  "settle-phase": { kind: "settle-phase", from: "activating", to: "active" },
};

const SHARED = {
  project: "web",
  resource: "project:web",
  cause: "because",
  impact: "none",
  changes: [],
  interrupts: [],
  external: false,
} as const;

const steps: readonly Step[] = Object.values(EACH).map((action, at) => ({
  ...SHARED,
  id: at + 1,
  after: at === 0 ? [] : [at],
  ...action,
}));

test("every kind of step has a line in the text of a plan", () => {
  expect(renderPlan({ project: "web", generation: 1, steps, waiting: ["capacity: full"] }))
    .toMatchInlineSnapshot(`
    "[] #1 project:web, ensure-image, because
    [1] #2 project:web, create-volume, because
    [2] #3 project:web, remove-volume, because
    [3] #4 project:web, create-network, because
    [4] #5 project:web, remove-network, because
    [5] #6 project:web, connect-network, because
    [6] #7 project:web, disconnect-network, because
    [7] #8 project:web, prepare-spool, because
    [8] #9 project:web, remove-spool, because
    [9] #10 project:web, create-container, because
    [10] #11 project:web, start-container, because
    [11] #12 project:web, update-container, because
    [12] #13 project:web, pause-container, because
    [13] #14 project:web, thaw-container, because
    [14] #15 project:web, stop-container, because
    [15] #16 project:web, remove-container, because
    [16] #17 project:web, configure-agents, because
    [17] #18 project:web, settle-runs, because
    [18] #19 project:web, release-subnet, because
    [19] #20 project:web, settle-phase, because
    waiting: capacity: full"
  `);
});

test("every kind of step has words for people", () => {
  expect(steps.map(describeStep).join("\n")).toMatchInlineSnapshot(`
    "pull image node:26
    create volume berth-main-web.data
    remove volume berth-main-web.data and the data in it
    create network berth-main-web (10.201.0.0/28, egress none)
    remove network n1
    connect to network n1
    disconnect from network n1
    write the configuration of generation 1 to the spool
    remove the spool with the output kept in it
    create container berth-main-web (512MiB, cpus 1, pids 256)
    start the new container
    set limits of container 0123456789ab to 512MiB, cpus 1, pids 256
    freeze container c1
    thaw container c1
    stop container c1 (within 15 s)
    remove container c1
    give the runner the configuration of generation 1
    record runs without an end as lost
    give the subnet back
    record activating → active"
  `);
});

test("people read what changes, why, with which impact, and whom it interrupts", () => {
  const wish = desired(sampleRecord({ generation: 2, spec: sampleSpec({ image: "node:27" }) }));
  expect(renderForPeople(converge(wish, running(web)))).toMatchInlineSnapshot(`
    "web (generation 2)
      container:web: stop container c1 (within 15 s)
        why: changed: image
        image: node:26 → node:27
        impact: restart, interrupts beat
      container:web: remove container c1
        why: changed: image
        impact: restart
      spool:web: write the configuration of generation 2 to the spool
        why: configuration for the start
      container:web: create container berth-main-web (512MiB, cpus 1, pids 256)
        why: replaces #2
      container:web: start the new container
        why: created by #4"
  `);
});

test("drift is what somebody else did, and people are told so", () => {
  const up = running(web);
  const inspected = up.inspected.map((each) => ({
    ...each,
    limits: { ...each.limits, memoryBytes: 256 * MIB },
  }));
  const plan: Plan = converge(web, { ...up, inspected });
  expect(driftOf(plan).map(({ cause }) => cause)).toEqual([
    "memory limit changed externally 512MiB → 256MiB",
  ]);
  expect(renderForPeople(plan)).toContain("(not by Berth)");
  expect(driftOf(converge(desired(sampleRecord({ generation: 2 })), { ...up, inspected }))).toEqual(
    [],
  );
});
