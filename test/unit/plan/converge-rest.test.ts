/** Goldens of converge: freezing, stopping, completing and removing. */
import { expect, test } from "vitest";
import { plan, stopped, up, withContainer } from "../../support/goldens.ts";
import { desired, sampleRecord } from "../../support/project-samples.ts";
import { seen } from "../../support/sightings.ts";

test("pausing freezes, and a thaw by somebody else is repaired", () => {
  expect(
    plan(desired(sampleRecord({ wanted: "frozen", phase: "pausing" })), up),
  ).toMatchInlineSnapshot(`"[] #1 container:web, pause-container, project is to be frozen"`);
  const frozen = desired(sampleRecord({ wanted: "frozen", phase: "paused" }));
  expect(plan(frozen, up)).toBe("[] #1 container:web, pause-container, thawed externally");
  expect(plan(frozen, withContainer({ state: "paused" }))).toBe("");
  expect(plan(frozen, stopped(137))).toBe("");
});

const resting = (rest: "frozen" | "stopped") =>
  ({ idle: { kind: "resting", rest, since: 0, why: "idle since then" } }) as const;
const waking = { idle: { kind: "waking", why: "task 7 waits" } } as const;

test("rest for want of work is nobody's drift: it is frozen or stopped, left alone, and woken with its reason", () => {
  const active = sampleRecord({ phase: "active" });
  const paused = withContainer({ state: "paused" });
  expect(plan(desired(active, resting("frozen")), up)).toBe(
    "[] #1 container:web, pause-container, idle since then",
  );
  expect(plan(desired(active, resting("frozen")), paused)).toBe("");
  expect(plan(desired(active, resting("stopped")), paused)).toMatchInlineSnapshot(`
    "[] #1 container:web, thaw-container, idle since then: thaw before the stop
    [1] #2 container:web, stop-container, idle since then"
  `);
  expect(plan(desired(active, resting("stopped")), stopped(0))).toBe("");
  expect(plan(desired(active, waking), paused)).toBe(
    "[] #1 container:web, thaw-container, woken: task 7 waits",
  );
  expect(plan(desired(active, waking), stopped(0))).toContain(
    "start-container, woken: task 7 waits",
  );
});

test("who is on the way somewhere does not rest, and a pause goes before it", () => {
  const changed = sampleRecord({ phase: "activating" });
  expect(plan(desired(changed, resting("frozen")), withContainer({ state: "paused" }))).toContain(
    "thaw-container, project is to run",
  );
  const pausing = sampleRecord({ wanted: "frozen", phase: "paused" });
  expect(plan(desired(pausing, waking), withContainer({ state: "paused" }))).toBe("");
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
