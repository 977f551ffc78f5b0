/** Goldens of converge: what is planned in each situation, as rendered text. */
import { expect, test } from "vitest";
import type { ObservedContainer, RunnerReport } from "../../../src/model/observed.ts";
import type { ObservedProject } from "../../../src/model/observed-project.ts";
import type { DesiredProject } from "../../../src/model/desired-project.ts";
import { checkPlan } from "../../../src/plan/checks.ts";
import { converge } from "../../../src/plan/converge/converge.ts";
import { renderPlan } from "../../../src/plan/render.ts";
import {
  desired,
  MIB,
  sampleAgent,
  sampleRecord,
  sampleSpec,
} from "../../support/project-samples.ts";
import { running, seen } from "../../support/sightings.ts";

/** The plan as text; every golden also passes the checks a pass makes before it acts. */
function plan(wish: DesiredProject, observed: ObservedProject): string {
  const made = converge(wish, observed);
  expect(checkPlan(made, wish, observed)).toEqual([]);
  return renderPlan(made);
}

const web = desired(sampleRecord());
const activating = desired(sampleRecord({ phase: "activating" }));
const up = running(web);
const withContainer = (change: Partial<ObservedContainer>): ObservedProject => ({
  ...up,
  containers: up.containers.map((each) => ({ ...each, ...change })),
});
const withRunner = (change: Partial<RunnerReport>): ObservedProject => ({
  ...up,
  runner: up.runner === null ? null : { ...up.runner, ...change },
});
const stopped = (
  exitCode: number | null,
  rest: Partial<ObservedProject> = {},
): ObservedProject => ({
  ...withContainer({ state: "exited" }),
  inspected: up.inspected.map((each) => ({ ...each, exitCode })),
  runner: null,
  runnerConnected: false,
  ...rest,
});
const withMemory = (memoryBytes: number, rest: Partial<ObservedProject> = {}): ObservedProject => ({
  ...up,
  inspected: up.inspected.map((each) => ({ ...each, limits: { ...each.limits, memoryBytes } })),
  ...rest,
});

test("nothing is planned for a project that is as it should be", () => {
  expect(plan(web, up)).toBe("");
});

test("a new project gets network, volume, spool and container, then it starts", () => {
  expect(plan(activating, seen())).toMatchInlineSnapshot(`
    "[] #1 volume:web.data, create-volume, no volume
    [] #2 network:web, create-network, no network
    [] #3 spool:web, prepare-spool, no spool
    [1,2,3] #4 container:web, create-container, no container
    [4] #5 container:web, start-container, created by #4"
  `);
});

test("an image that is not there is looked up first, with the network made meanwhile", () => {
  const unseen = desired(sampleRecord({ phase: "activating" }), { image: null });
  expect(plan(unseen, seen({ imageKnown: false }))).toMatchInlineSnapshot(`
    "[] #1 image:web, ensure-image, node:26 is not on this host
    [] #2 volume:web.data, create-volume, no volume
    [] #3 network:web, create-network, no network"
  `);
});

test("a preview shows the whole way although the image is not there yet", () => {
  expect(plan(activating, seen({ imageKnown: false }))).toMatchInlineSnapshot(`
    "[] #1 image:web, ensure-image, node:26 is not on this host
    [] #2 volume:web.data, create-volume, no volume
    [] #3 network:web, create-network, no network
    [] #4 spool:web, prepare-spool, no spool
    [1,2,3,4] #5 container:web, create-container, no container
    [5] #6 container:web, start-container, created by #5"
  `);
});

test("reaching the wish is recorded once the runner has said so", () => {
  expect(plan(activating, up)).toMatchInlineSnapshot(
    `"[] #1 project:web, settle-phase, everything is as wanted: active"`,
  );
  expect(plan(activating, { ...up, runner: null, runnerConnected: false })).toMatchInlineSnapshot(
    `"waiting: runner: not connected yet"`,
  );
});

test("another image asks for a replacement: pulled first, stopped and removed before the create", () => {
  const spec = sampleSpec({ image: "node:27" });
  const wish = desired(sampleRecord({ spec, generation: 2 }));
  expect(plan(wish, { ...up, imageKnown: false })).toMatchInlineSnapshot(`
    "[] #1 image:web, ensure-image, node:27 is not on this host
    [1] #2 container:web, stop-container, changed: image
    [2] #3 container:web, remove-container, changed: image
    [3] #4 spool:web, prepare-spool, configuration for the start
    [3,4] #5 container:web, create-container, replaces #3
    [5] #6 container:web, start-container, created by #5"
  `);
});

test("every replaced field is named, with old and new where they are short", () => {
  const spec = sampleSpec({
    labels: { team: "core" },
    security: { readOnlyRoot: false },
    limits: { ...sampleSpec().limits, nofile: 2048 },
  });
  const made = converge(desired(sampleRecord({ spec })), up);
  expect(made.steps.find(({ kind }) => kind === "stop-container")).toMatchObject({
    impact: "restart",
    interrupts: ["beat"],
    cause: "changed: limits.nofile, security.read_only_root, labels",
  });
  expect(made.steps[0]?.changes).toEqual([
    { field: "limits.nofile", from: "1024", to: "2048" },
    { field: "security.read_only_root", from: "true", to: "false" },
    { field: "labels", from: expect.any(String), to: expect.any(String) },
  ]);
});

test("a frozen container is thawed before it is replaced", () => {
  const wish = desired(sampleRecord({ spec: sampleSpec({ tmpfs: ["/cache"] }) }));
  expect(plan(wish, withContainer({ state: "paused" }))).toMatchInlineSnapshot(`
    "[] #1 container:web, thaw-container, changed: tmpfs: thaw before the stop
    [1] #2 container:web, stop-container, changed: tmpfs
    [2] #3 container:web, remove-container, changed: tmpfs
    [3] #4 spool:web, prepare-spool, configuration for the start
    [3,4] #5 container:web, create-container, replaces #3
    [5] #6 container:web, start-container, created by #5"
  `);
});

test("another subnet or egress rebuilds the network between the two containers", () => {
  const wish = desired(sampleRecord({ spec: sampleSpec({ network: { egress: "open" } }) }));
  expect(plan(wish, up)).toMatchInlineSnapshot(`
    "[] #1 container:web, stop-container, changed: network.egress
    [1] #2 container:web, remove-container, changed: network.egress
    [2] #3 network:web, remove-network, network changed: egress
    [3] #4 network:web, create-network, replaces #3
    [2] #5 spool:web, prepare-spool, configuration for the start
    [2,4,5] #6 container:web, create-container, replaces #2
    [6] #7 container:web, start-container, created by #6"
  `);
});

test("a network that somebody removed is made again, and the container connected in the next pass", () => {
  const alone = { ...withContainer({ networkIds: [], networkNames: [] }), networks: [] };
  expect(plan(web, alone)).toMatchInlineSnapshot(
    `"[] #1 network:web, create-network, network removed externally"`,
  );
  expect(plan(web, withContainer({ networkIds: [], networkNames: [] }))).toMatchInlineSnapshot(
    `"[] #1 network:web, connect-network, disconnected externally"`,
  );
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

test("a stopped container is started again, and the cause says who stopped it", () => {
  expect(plan(web, stopped(137))).toMatchInlineSnapshot(`
    "[] #1 spool:web, prepare-spool, configuration for the start
    [1] #2 container:web, start-container, stopped externally (exit 137)"
  `);
  expect(plan(web, stopped(3))).toContain("start-container, its main process exited with 3");
  const oom = stopped(137, {
    inspected: up.inspected.map((each) => ({ ...each, exitCode: 137, oomKilled: true })),
  });
  expect(plan(web, oom)).toContain("start-container, its main process died when memory ran out");
  expect(plan(desired(sampleRecord({ phase: "resuming" })), stopped(0))).toContain(
    "start-container, project is to run",
  );
  expect(plan(activating, { ...stopped(null), ...withContainer({ state: "created" }) })).toContain(
    "start-container, created, not started yet",
  );
});

test("a stopped container whose network is gone is replaced, because it cannot start", () => {
  expect(plan(web, stopped(137, { networks: [] }))).toMatchInlineSnapshot(`
    "[] #1 container:web, remove-container, its network is gone
    [] #2 network:web, create-network, network removed externally
    [1] #3 spool:web, prepare-spool, configuration for the start
    [1,2,3] #4 container:web, create-container, replaces #1
    [4] #5 container:web, start-container, created by #4"
  `);
});

test("a stopped container gets its limits before it starts, also when nobody knows them", () => {
  expect(plan(web, stopped(137, { inspected: [] }))).toMatchInlineSnapshot(`
    "[] #1 container:web, update-container, limits unknown: set before the start
    [] #2 spool:web, prepare-spool, configuration for the start
    [1,2] #3 container:web, start-container, stopped externally"
  `);
});

test("a container that somebody removed is made again", () => {
  expect(
    plan(web, { ...up, containers: [], inspected: [], runner: null, runnerConnected: false }),
  ).toContain("create-container, container removed externally");
});

test("a container that somebody froze is thawed", () => {
  expect(plan(web, withContainer({ state: "paused" }))).toMatchInlineSnapshot(
    `"[] #1 container:web, thaw-container, paused externally"`,
  );
});

test("a container that somebody renamed is replaced, since its name is what keeps it single", () => {
  expect(plan(web, withContainer({ name: "mine-now" }))).toContain(
    "stop-container, renamed externally to mine-now",
  );
});

test("a dead container is replaced without a stop", () => {
  const text = plan(web, {
    ...withContainer({ state: "dead" }),
    runner: null,
    runnerConnected: false,
  });
  expect(text).toContain("remove-container, the engine reports it dead");
  expect(text).not.toContain("stop-container");
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

test("nothing is created while the engine is still removing the old container", () => {
  expect(
    plan(web, { ...withContainer({ state: "removing" }), runner: null, runnerConnected: false }),
  ).toMatchInlineSnapshot(`"waiting: engine: container berth-main-web is still being removed"`);
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

test("scaling up and policy changes interrupt nobody; scaling down, restarts and the environment do", () => {
  const interrupts = (change: Parameters<typeof sampleRecord>[0]): readonly string[] =>
    converge(desired(sampleRecord(change)), up).steps[0]?.interrupts ?? ["no step"];
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

test("pausing freezes, and a thaw by somebody else is repaired", () => {
  expect(
    plan(desired(sampleRecord({ wanted: "frozen", phase: "pausing" })), up),
  ).toMatchInlineSnapshot(`"[] #1 container:web, pause-container, project is to be frozen"`);
  const frozen = desired(sampleRecord({ wanted: "frozen", phase: "paused" }));
  expect(plan(frozen, up)).toBe("[] #1 container:web, pause-container, thawed externally");
  expect(plan(frozen, withContainer({ state: "paused" }))).toBe("");
  expect(plan(frozen, stopped(137))).toBe("");
});

test("resuming thaws", () => {
  expect(
    plan(desired(sampleRecord({ phase: "resuming" })), withContainer({ state: "paused" })),
  ).toBe("[] #1 container:web, thaw-container, project is to run");
});

test("stopping keeps the container and gives unfinished runs their record", () => {
  const wish = desired(sampleRecord({ wanted: "stopped", phase: "pausing" }));
  expect(plan(wish, { ...withContainer({ state: "paused" }), hasOpenRuns: true }))
    .toMatchInlineSnapshot(`
    "[] #1 container:web, thaw-container, project is to be stopped: thaw before the stop
    [1] #2 container:web, stop-container, project is to be stopped
    [2] #3 project:web, settle-runs, nothing runs any more"
  `);
  expect(plan(wish, stopped(0))).toBe(
    "[] #1 project:web, settle-phase, everything is as wanted: stopped",
  );
});

test("completing takes container, network and subnet, and keeps the workspace and the spool", () => {
  const wish = desired(sampleRecord({ wanted: "completed", phase: "completing" }));
  expect(plan(wish, { ...up, hasOpenRuns: true })).toMatchInlineSnapshot(`
    "[] #1 container:web, stop-container, project is completed
    [1] #2 container:web, remove-container, project is completed
    [2] #3 network:web, remove-network, project is completed
    [2,3] #4 subnet:web, release-subnet, 10.201.0.0/28 is not needed any more
    [2] #5 project:web, settle-runs, nothing runs any more"
  `);
  expect(
    plan(
      desired(sampleRecord({ wanted: "completed", phase: "completing", subnet: null })),
      seen({ spoolReady: true, subnet: null }),
    ),
  ).toMatchInlineSnapshot(`"[] #1 project:web, settle-phase, everything is as wanted: completed"`);
});

test("removing also takes the spool, and volumes only when asked", () => {
  const removal = { wanted: "removed", phase: "removing" } as const;
  expect(plan(desired(sampleRecord(removal)), up)).not.toContain("remove-volume");
  expect(plan(desired(sampleRecord({ ...removal, removeVolumes: true })), up))
    .toMatchInlineSnapshot(`
    "[] #1 container:web, stop-container, project is removed
    [1] #2 container:web, remove-container, project is removed
    [2] #3 network:web, remove-network, project is removed
    [2,3] #4 subnet:web, release-subnet, 10.201.0.0/28 is not needed any more
    [2] #5 spool:web, remove-spool, project is removed
    [2] #6 volume:web.data, remove-volume, removed with its volumes"
  `);
});

test("a project that is being removed stays so, whatever is wanted meanwhile", () => {
  expect(plan(desired(sampleRecord({ wanted: "active", phase: "removing" })), up)).toContain(
    "remove-container, project is removed",
  );
});

test("names taken by others block, are named, and nothing is touched", () => {
  expect(
    plan(
      activating,
      seen({ foreign: { container: true, network: true, volumes: ["berth-main-web.data"] } }),
    ),
  ).toMatchInlineSnapshot(`
    "waiting: name-taken: container berth-main-web is not ours
    waiting: name-taken: network berth-main-web is not ours
    waiting: name-taken: volume berth-main-web.data is not ours"
  `);
});

test("a project waits for capacity without anything being made for it", () => {
  const waiting = "capacity: needs 512MiB, 100MiB free of 1GiB";
  const wish = desired(sampleRecord({ phase: "activating" }), {
    allocation: { project: "web", admitted: false, memoryBytes: 0, waiting },
  });
  expect(plan(wish, seen())).toBe(`waiting: ${waiting}`);
});

test("while more memory does not fit the project runs on with what it has", () => {
  const waiting = "capacity: needs 512MiB more, 0B free of 1GiB";
  const wish = desired(
    sampleRecord({
      spec: sampleSpec({ limits: { ...sampleSpec().limits, memoryBytes: 1024 * MIB } }),
    }),
    {
      allocation: { project: "web", admitted: true, memoryBytes: 512 * MIB, waiting },
    },
  );
  expect(plan(wish, up)).toBe(`waiting: ${waiting}`);
});

test("nothing starts on a full disk, but what runs goes on and is mended", () => {
  const changed = desired(
    sampleRecord({ spec: sampleSpec({ image: "node:27", environment: { A: "1" } }) }),
  );
  expect(plan(changed, { ...up, diskLow: true })).toMatchInlineSnapshot(`
    "[] #1 project:web, configure-agents, changed: environment
    waiting: disk: free space is below the host's reserve, nothing is started"
  `);
  expect(plan(web, { ...up, diskLow: true })).toBe("");
});

test("no project with open egress starts while the firewall is unverified; one without does", () => {
  const open = desired(
    sampleRecord({ phase: "activating", spec: sampleSpec({ network: { egress: "open" } }) }),
  );
  expect(plan(open, seen({ firewallVerified: false }))).toBe(
    "waiting: firewall: the rules for open egress are not verified",
  );
  expect(plan(activating, seen({ firewallVerified: false }))).toContain("start-container");
});

test("what runs is left alone while its image cannot be looked at", () => {
  const unseen = desired(sampleRecord(), { image: null });
  expect(plan(unseen, { ...up, imageKnown: false })).toBe(
    "[] #1 image:web, ensure-image, node:26 is not on this host",
  );
});

test("a path workspace that belongs to root or cannot be read is waited for", () => {
  const spec = sampleSpec({ workspace: { kind: "path", path: "/srv/web" } });
  const record = sampleRecord({ phase: "activating", spec });
  expect(plan(desired(record), seen())).toBe("waiting: workspace: /srv/web cannot be read");
  expect(plan(desired(record, { workspaceOwner: { uid: 0, gid: 0 } }), seen())).toBe(
    "waiting: workspace: /srv/web belongs to root, and agents run as its owner",
  );
  expect(plan(desired(record, { workspaceOwner: { uid: 1000, gid: 1000 } }), seen())).toContain(
    "create-container",
  );
});
