/** Goldens of a project whose image lost its name: what runs goes on by the image it runs on. */
import { expect, test } from "vitest";
import type { ProjectRecord } from "../../../src/model/project-record.ts";
import type { ObservedProject } from "../../../src/model/observed-project.ts";
import { wishToMeet } from "../../../src/plan/meet.ts";
import { plan, stopped, up, withContainer } from "../../support/goldens.ts";
import { desired, IMAGE, sampleRecord, sampleSpec } from "../../support/project-samples.ts";
import { seen } from "../../support/sightings.ts";

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
