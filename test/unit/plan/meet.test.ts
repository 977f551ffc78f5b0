/** Goldens of a project whose image lost its name, or whose name means another image: what runs goes on by the image it runs on. */
import { expect, test } from "vitest";
import type { DesiredProject } from "../../../src/model/desired-project.ts";
import type { ProjectRecord } from "../../../src/model/project-record.ts";
import type { ObservedProject } from "../../../src/model/observed-project.ts";
import { wishToMeet } from "../../../src/plan/meet.ts";
import { converge } from "../../../src/plan/converge/converge.ts";
import { plan, stopped, up, withContainer } from "../../support/goldens.ts";
import {
  desired,
  IMAGE,
  imageOf,
  sampleRecord,
  sampleSpec,
} from "../../support/project-samples.ts";
import { seen } from "../../support/sightings.ts";

const OTHER = "sha256:0123456789abcdef";
const UNTAGGED = { imageKnown: false };

/** The plan for a world in which the declared name means nothing, and the container runs on the sample image. */
function untagged(
  observed: ObservedProject,
  record: ProjectRecord = sampleRecord(),
  running: typeof IMAGE | null = IMAGE,
): string {
  const wishes = {
    declared: desired(record, { image: null }),
    running: running === null ? null : desired(record, { image: running }),
  };
  const now = { ...observed, ...UNTAGGED };
  return plan(wishToMeet(wishes, now), now);
}

test("nothing is to be done for what runs on an image without a name", () => {
  expect(untagged(up)).toBe("");
});

test("its crash is repaired by a start, its limits by an update", () => {
  expect(untagged(stopped(137))).toMatchInlineSnapshot(`
    "[] #1 spool:web, prepare-spool, configuration for the start
    [1] #2 container:web, start-container, stopped externally (exit 137)"
  `);
  const drifted = up.inspected.map((each) => ({ ...each, limits: { ...each.limits, pids: 9 } }));
  expect(untagged({ ...up, inspected: drifted })).toMatchInlineSnapshot(
    `"[] #1 container:web, update-container, pids limit changed externally 256 → 9"`,
  );
});

test("a new container needs the image: without it what runs goes on, and what does not waits for it", () => {
  const changed = sampleRecord({ spec: sampleSpec({ tmpfs: ["/cache"] }) });
  expect(untagged(up, changed)).toMatchInlineSnapshot(
    `"[] #1 image:web, ensure-image, node:26 is not on this host"`,
  );
  expect(untagged(stopped(137), changed)).toMatchInlineSnapshot(
    `"[] #1 image:web, ensure-image, node:26 is not on this host"`,
  );
  expect(untagged(withContainer({ name: "mine-now" }))).toMatchInlineSnapshot(
    `"[] #1 image:web, ensure-image, node:26 is not on this host"`,
  );
  expect(
    untagged({ ...seen(), networks: up.networks, volumes: up.volumes }, undefined, null),
  ).toMatchInlineSnapshot(`"[] #1 image:web, ensure-image, node:26 is not on this host"`);
});

test("another declared image is not the one that runs", () => {
  const other = sampleRecord({ spec: sampleSpec({ image: "node:27" }) });
  expect(untagged(stopped(137), other)).toMatchInlineSnapshot(
    `"[] #1 image:web, ensure-image, node:27 is not on this host"`,
  );
});

test("an image that is gone altogether must be provided, as ever", () => {
  expect(untagged(up, undefined, null)).toMatchInlineSnapshot(
    `"[] #1 image:web, ensure-image, node:26 is not on this host"`,
  );
});

/** What a project is to be where its name means an image with another user and a volume; its container runs on the sample's. */
function moved(observed: ObservedProject, record: ProjectRecord = sampleRecord()): DesiredProject {
  const image = imageOf(OTHER);
  const wishes = { declared: desired(record, { image }), running: desired(record) };
  return wishToMeet(wishes, observed);
}

test("nothing is to be done for what runs while its name means another image, and a crash is repaired in place", () => {
  expect(plan(moved(up), up)).toBe("");
  const dead = stopped(137);
  expect(plan(moved(dead), dead)).toMatchInlineSnapshot(`
    "[] #1 spool:web, prepare-spool, configuration for the start
    [1] #2 container:web, start-container, stopped externally (exit 137)"
  `);
});

test("agents are told what changed of them, with the user and entrypoint of the image they run on", () => {
  const record = sampleRecord({ spec: sampleSpec({ environment: { A: "1" } }) });
  const told = moved(up, record);
  expect(plan(told, up)).toMatchInlineSnapshot(
    `"[] #1 project:web, configure-agents, changed: environment"`,
  );
  expect(told.runnerConfig?.image.user).toBeNull();
});

test("whatever asks for a new container brings the other image, and the cause names it", () => {
  const restarted = moved(up, sampleRecord({ restartSerials: { "*": 1 } }));
  expect(plan(restarted, up)).toMatchInlineSnapshot(`
    "[] #1 volume:web.image-sha256-0123456789abcdef-a475e2, create-volume, no volume
    [1] #2 container:web, stop-container, changed: image, mounts, restart
    [2] #3 container:web, remove-container, changed: image, mounts, restart
    [3] #4 spool:web, prepare-spool, configuration for the start
    [3,4] #5 container:web, create-container, replaces #3
    [5] #6 container:web, start-container, created by #5"
  `);
  expect(converge(restarted, up).steps[1]?.changes).toContainEqual({
    field: "image",
    from: "1",
    to: "0123456789ab",
  });
  const renamed = withContainer({ name: "mine-now" });
  const changes = converge(moved(renamed), renamed).steps.flatMap((step) => step.changes);
  expect(changes.map(({ field }) => field)).toEqual(["image", "name"]);
});

test("what was created while its name moved is made anew from what it means now", () => {
  const image = imageOf(OTHER);
  const created = withContainer({ imageId: OTHER });
  expect(plan(desired(sampleRecord(), { image }), created)).toContain("changed: mounts\n");
});
