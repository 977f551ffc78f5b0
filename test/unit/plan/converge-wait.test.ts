/** Goldens of converge: what is waited for, and what goes on meanwhile. */
import { expect, test } from "vitest";
import { activating, plan, up, web, withContainer } from "../../support/goldens.ts";
import { desired, MIB, sampleRecord, sampleSpec } from "../../support/project-samples.ts";
import { seen } from "../../support/sightings.ts";

test("nothing is created while the engine is still removing the old container", () => {
  expect(
    plan(web, { ...withContainer({ state: "removing" }), runner: null, runnerConnected: false }),
  ).toMatchInlineSnapshot(`"waiting: engine: container berth-main-web is still being removed"`);
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
