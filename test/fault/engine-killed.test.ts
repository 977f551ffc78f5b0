/** dockerd is killed: with live-restore nothing notices; without it every container is started again, once, and the rest is told. */
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  converged,
  gaps,
  type Holdings,
  holdings,
  linesOf,
  modes,
  noMoreHeld,
  overlaps,
  projects,
  ready,
  recordsCaughtUp,
  leftAfterRemoval,
} from "../support/accounts.ts";
import { openPrivateEngine, type PrivateEngine } from "../support/private-engine.ts";
import { counter, host, IMAGE } from "../support/samples.ts";
import { type Stack, eventually, startStack } from "../support/stack.ts";
import { witness } from "../support/witness.ts";

const KILLS = process.env["BERTH_LONG"] === "1" ? 10 : 3;
const NAMES = ["one", "two"];

let engine: PrivateEngine;
/** Its containers live on an engine of its own; Postgres and Redis stay on the machine's. */
let stack: Stack;
let file: string;
let held: Holdings;
beforeAll(async () => {
  engine = await openPrivateEngine([
    IMAGE,
    process.env["BERTH_IMAGE_RUNNER"] ?? "berth/runner:0.1.0",
    process.env["BERTH_IMAGE_NET"] ?? "berth/net:0.1.0",
  ]);
  stack = await startStack({ env: { DOCKER_HOST: engine.dockerHost } });
  file = await stack.apply(host(NAMES.map((name) => counter(name)).join("")));
  held = await holdings(stack);
});
afterAll(async () => {
  await stack.close();
  await engine.close();
});

async function engineGone(): Promise<void> {
  await eventually("engine-gone is named", async () =>
    (await modes(stack)).includes("engine-gone") ? true : undefined,
  );
}

async function engineBack(): Promise<void> {
  await eventually(
    "engine-gone has left",
    async () => ((await ready(stack)).ready ? true : undefined),
    30_000,
  );
}

test(`with live-restore, killed ${KILLS} times: no agent stops, repeats or goes blind`, async () => {
  const before = await recordsCaughtUp(stack);
  const containers = (await projects(stack)).map(({ containerId }) => containerId);
  const watch = witness(stack.install, engine.dockerHost);
  for (let kill = 0; kill < KILLS; kill += 1) {
    await engine.kill();
    await engineGone();
    const seen = (await linesOf(stack, "one")).length;
    await eventually("output goes on without the engine", async () =>
      (await linesOf(stack, "one")).length > seen ? true : undefined,
    );
    await engine.start(true);
    await engineBack();
  }
  await converged(stack, file);
  const testimony = await watch.stop();
  expect(testimony.doubles).toEqual([]);
  expect(testimony.looks).toBeGreaterThan(KILLS);
  expect((await projects(stack)).map(({ containerId }) => containerId)).toEqual(containers);
  const after = await recordsCaughtUp(stack);
  expect(after.map(({ id, outcome }) => [id, outcome])).toEqual(before.map(({ id }) => [id, null]));
  expect(await gaps(stack, ...NAMES)).toEqual([]);
});

test("without live-restore: what died with the engine runs again, and its runs end once", async () => {
  const before = await recordsCaughtUp(stack);
  const watch = witness(stack.install, engine.dockerHost);
  await engine.kill();
  await engineGone();
  // An engine that starts without live-restore kills whatever it finds running.
  await engine.start(false);
  await engineBack();
  await converged(stack, file);
  expect((await watch.stop()).doubles).toEqual([]);
  const after = await recordsCaughtUp(stack);
  expect(overlaps(after)).toEqual([]);
  const ends = new Map(after.map(({ id, outcome }) => [id, outcome]));
  for (const { id } of before) expect(["lost", "killed", "stopped"]).toContain(ends.get(id));
  expect(after).toHaveLength(2 * NAMES.length);
  expect(await gaps(stack, ...NAMES)).toEqual([]);
});

test("nothing leaks: neither in the daemon, nor after a removal", async () => {
  await noMoreHeld(stack, held);
  expect(await leftAfterRemoval(stack)).toEqual([]);
});
