/** Goldens of converge: creating, starting and replacing a project's container. */
import { expect, test } from "vitest";
import { converge } from "../../../src/plan/converge/converge.ts";
import {
  activating,
  plan,
  stopped,
  up,
  web,
  withContainer,
  withPinned,
} from "../../support/goldens.ts";
import { desired, MIB, sampleRecord, sampleSpec } from "../../support/project-samples.ts";
import { seen } from "../../support/sightings.ts";

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
  expect(plan(activating, { ...up, runnerConnected: false })).toBe(
    "waiting: runner: not connected yet",
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
    limits: { ...sampleSpec().limits, nofile: 2048, shmBytes: 96 * 1_048_576 },
  });
  const made = converge(desired(sampleRecord({ spec })), up);
  expect(made.steps.find(({ kind }) => kind === "stop-container")).toMatchObject({
    impact: "restart",
    interrupts: ["beat"],
    cause: "changed: limits.nofile, limits.shm, security.read_only_root, labels",
  });
  expect(made.steps[0]?.changes).toEqual([
    { field: "limits.nofile", from: "1024", to: "2048" },
    { field: "limits.shm", from: "64MiB", to: "96MiB" },
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
  const survived = stopped(0, {
    inspected: up.inspected.map((each) => ({ ...each, exitCode: 0, oomKilled: true })),
  });
  expect(plan(web, survived)).toContain("start-container, stopped externally (exit 0)");
  expect(plan(desired(sampleRecord({ phase: "resuming" })), stopped(0))).toContain(
    "start-container, project is to run",
  );
  expect(plan(activating, { ...stopped(null), ...withContainer({ state: "created" }) })).toContain(
    "start-container, created, not started yet",
  );
});

test("a limit that its tmpfs could fill asks for a new container, running or not; others change live", () => {
  const { limits } = sampleSpec();
  const wish = (mib: number) =>
    desired(
      sampleRecord({
        spec: sampleSpec({ limits: { ...limits, memoryBytes: mib * MIB } }),
        generation: 2,
      }),
    );
  expect(plan(wish(112), { ...up, memoryUsageBytes: MIB })).toMatchInlineSnapshot(`
    "[] #1 container:web, stop-container, a memory limit of 112MiB has no room for its tmpfs of 106.66MiB
    [1] #2 container:web, remove-container, a memory limit of 112MiB has no room for its tmpfs of 106.66MiB
    [2] #3 spool:web, prepare-spool, configuration for the start
    [2,3] #4 container:web, create-container, replaces #2
    [4] #5 container:web, start-container, created by #4"
  `);
  expect(plan(wish(112), stopped(137))).toContain("remove-container, a memory limit of 112MiB");
  expect(converge(wish(112), up).steps[0]?.changes).toEqual([
    { field: "limits.memory", from: "512MiB", to: "112MiB" },
    { field: "tmpfs.size", from: "106.66MiB", to: "24.88MiB" },
  ]);
  expect(plan(wish(256), { ...up, memoryUsageBytes: MIB })).toBe(
    "[] #1 container:web, update-container, memory limit 512MiB → 256MiB",
  );
  expect(plan(wish(4096), up)).toContain("#1 container:web, update-container");
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

test("a stopped container is rid of what somebody changed before it starts", () => {
  const touched = stopped(137, { inspected: withPinned({ restartPolicy: "always" }).inspected });
  expect(plan(web, touched)).toContain(
    "#1 container:web, update-container, restart_policy changed externally no → always",
  );
});

test("a container that somebody removed is made again", () => {
  expect(
    plan(web, { ...up, containers: [], inspected: [], runner: null, runnerConnected: false }),
  ).toContain("create-container, container removed externally");
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
