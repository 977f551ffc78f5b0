/** Goldens of converge: mending what lives without a restart where that can be. */
import { expect, test } from "vitest";
import { converge } from "../../../src/plan/converge/converge.ts";
import {
  activating,
  plan,
  up,
  web,
  withContainer,
  withMemory,
  withPinned,
  withRunner,
} from "../../support/goldens.ts";
import {
  desired,
  MIB,
  sampleAgent,
  sampleRecord,
  sampleSpec,
} from "../../support/project-samples.ts";

test("nothing is planned for a project that is as it should be", () => {
  expect(plan(web, up)).toBe("");
});

test("a container that somebody put on another network is taken off it", () => {
  expect(
    plan(
      web,
      withContainer({ networkIds: ["n1", "n9"], networkNames: ["berth-main-web", "bridge"] }),
    ),
  ).toMatchInlineSnapshot(
    `"[] #1 network:web, disconnect-network, connected externally to bridge"`,
  );
});

test("a container that somebody froze is thawed", () => {
  expect(plan(web, withContainer({ state: "paused" }))).toMatchInlineSnapshot(
    `"[] #1 container:web, thaw-container, paused externally"`,
  );
});

test("of two containers the one that fits is kept and the other goes first", () => {
  const two = {
    ...up,
    containers: [
      ...up.containers,
      ...withContainer({ id: "c2", name: "second", createdAt: 9 }).containers,
    ],
  };
  expect(plan(web, two)).toMatchInlineSnapshot(`
    "[] #1 container:web, stop-container, second container of the project (second)
    [1] #2 container:web, remove-container, second container of the project (second)"
  `);
});

test("limits change live, memory upwards whatever is used", () => {
  expect(
    plan(desired(sampleRecord({ generation: 2 })), withMemory(256 * MIB)),
  ).toMatchInlineSnapshot(`"[] #1 container:web, update-container, memory limit 256MiB → 512MiB"`);
  const wish = desired(
    sampleRecord({
      spec: sampleSpec({ weight: 3, limits: { ...sampleSpec().limits, pids: 99, cpus: 0.5 } }),
      generation: 2,
    }),
  );
  expect(plan(wish, up)).toMatchInlineSnapshot(
    `"[] #1 container:web, update-container, cpus limit 1 → 0.5, pids limit 256 → 99, cpu_shares limit 256 → 768"`,
  );
});

test("less memory is live only while use is below 80 % of it, else it costs a restart", () => {
  const wish = desired(sampleRecord({ generation: 2 }));
  expect(plan(wish, withMemory(1024 * MIB, { memoryUsageBytes: 400 * MIB }))).toContain(
    "update-container, memory limit 1GiB → 512MiB",
  );
  expect(plan(wish, withMemory(1024 * MIB, { memoryUsageBytes: 410 * MIB })))
    .toMatchInlineSnapshot(`
    "[] #1 container:web, stop-container, memory limit 1GiB → 512MiB, and memory use is not below 80 % of it
    [1] #2 container:web, update-container, memory limit 1GiB → 512MiB, and memory use is not below 80 % of it
    [1] #3 spool:web, prepare-spool, configuration for the start
    [2,3] #4 container:web, start-container, limits set by #2"
  `);
  expect(plan(wish, withMemory(1024 * MIB, { memoryUsageBytes: null }))).toContain(
    "stop-container, memory limit 1GiB → 512MiB, and memory use is unknown",
  );
});

test("a container without any memory limit is restarted with one unless little is used", () => {
  expect(plan(web, withMemory(0, { memoryUsageBytes: null }))).toContain("stop-container");
  expect(plan(web, withMemory(0, { memoryUsageBytes: MIB }))).toContain(
    "#1 container:web, update-container",
  );
});

test("limits that we set ourselves and that read otherwise were changed externally", () => {
  const limits = web.container?.limits ?? null;
  expect(plan(web, withMemory(2048 * MIB, { appliedLimits: limits, memoryUsageBytes: 0 }))).toBe(
    "[] #1 container:web, update-container, memory limit changed externally 512MiB → 2GiB",
  );
  const ours = limits === null ? null : { ...limits, memoryBytes: 2048 * MIB };
  expect(plan(web, withMemory(2048 * MIB, { appliedLimits: ours, memoryUsageBytes: 0 }))).toContain(
    "memory limit 2GiB → 512MiB",
  );
});

test("what no declaration speaks of was changed by somebody else, and is changed back live", () => {
  expect(plan(web, withPinned({ swapBytes: 304 * MIB }))).toMatchInlineSnapshot(
    `"[] #1 container:web, update-container, swap changed externally none → 304MiB"`,
  );
  expect(plan(web, withPinned({ swapBytes: null }))).toContain(
    "swap changed externally none → unlimited",
  );
  const all = withPinned({ restartPolicy: "always", cpuset: "0", reservationBytes: 50 * MIB });
  expect(plan(web, all)).toMatchInlineSnapshot(
    `"[] #1 container:web, update-container, restart_policy changed externally no → always, cpuset changed externally all → 0, memory_reservation changed externally none → 50MiB"`,
  );
  expect(converge(web, all).steps).toMatchObject([{ external: true, impact: "live" }]);
});

test("beside a change of ours the foreign one is told apart, and the step that undoes it is drift", () => {
  const wish = desired(
    sampleRecord({
      spec: sampleSpec({ limits: { ...sampleSpec().limits, pids: 99 } }),
      generation: 2,
    }),
  );
  const made = converge(wish, withPinned({ cpuset: "1" }));
  expect(made.steps).toMatchObject([
    {
      kind: "update-container",
      external: true,
      cause: "pids limit 256 → 99, cpuset changed externally all → 1",
      changes: [
        { field: "limits.pids", from: "256", to: "99" },
        { field: "cpuset", from: "1", to: "all" },
      ],
    },
  ]);
});

test("a runner with another configuration is told, and the agents that this interrupts are named", () => {
  const agents = {
    beat: sampleAgent("beat", { command: ["node", "other.js"] }),
    side: sampleAgent("side"),
  };
  const wish = desired(sampleRecord({ spec: sampleSpec({ agents }), generation: 2 }));
  expect(plan(wish, up)).toMatchInlineSnapshot(
    `"[] #1 project:web, configure-agents, changed: agents.beat.process, agents.side"`,
  );
  expect(converge(wish, up).steps[0]).toMatchObject({ impact: "live", interrupts: ["beat"] });
});

test("what takes the container down interrupts workers at a task too; a new configuration lets tasks end", () => {
  const working = { ...up, workers: ["coder"] };
  const stopping = desired(sampleRecord({ wanted: "stopped", phase: "pausing" }));
  expect(converge(stopping, working).steps[0]).toMatchObject({ interrupts: ["beat", "coder"] });
  const freezing = desired(sampleRecord({ wanted: "frozen", phase: "pausing" }));
  expect(converge(freezing, working).steps[0]).toMatchObject({ interrupts: ["beat", "coder"] });
  const wish = desired(sampleRecord({ restartSerials: { beat: 1 } }));
  expect(converge(wish, working).steps[0]).toMatchObject({ interrupts: ["beat"] });
});

const interrupts = (change: Parameters<typeof sampleRecord>[0]): readonly string[] =>
  converge(desired(sampleRecord(change)), up).steps[0]?.interrupts ?? ["no step"];

test("scaling up and policy changes interrupt nobody; scaling down, restarts and the environment do", () => {
  expect(interrupts({ replicas: { beat: 3 } })).toEqual([]);
  expect(
    interrupts({ spec: sampleSpec({ agents: { beat: sampleAgent("beat", { stopGraceMs: 1 }) } }) }),
  ).toEqual([]);
  expect(interrupts({ stoppedAgents: ["beat"] })).toEqual(["beat"]);
  expect(interrupts({ restartSerials: { "*": 1 } })).toEqual(["beat"]);
  expect(interrupts({ restartSerials: { beat: 1 } })).toEqual(["beat"]);
  expect(interrupts({ spec: sampleSpec({ environment: { A: "1" } }) })).toEqual(["beat"]);
});

test("a runner without any configuration gets it", () => {
  expect(plan(web, withRunner({ configHash: null }))).toBe(
    "[] #1 project:web, configure-agents, the runner has no configuration yet",
  );
});

test("unhealthy agents do not keep a project from being active", () => {
  const agents =
    up.runner?.agents.map((agent) => ({ ...agent, state: "crash-loop" as const })) ?? [];
  expect(plan(activating, withRunner({ agents }))).toContain("settle-phase");
});
