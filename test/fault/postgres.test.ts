/** Postgres stopped: agents run on, crash and come back; nothing on the engine is touched; the backlog is recorded once. */
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
  sql,
} from "../support/accounts.ts";
import { counter, host } from "../support/samples.ts";
import { type Stack, eventually, startStack } from "../support/stack.ts";
import { witness } from "../support/witness.ts";

const GONE_MS = process.env["BERTH_LONG"] === "1" ? 60_000 : 10_000;

/** Writes five lines, then fails with 7; again and again. */
const CRASHER = `  crasher:
    agents:
      crash:
        command: [/bin/sh, -c, "for i in 1 2 3 4 5; do echo $i; sleep 0.1; done; exit 7"]
        restart: { policy: always, backoff: 0s, max: 1000 }
`;

let stack: Stack;
let file: string;
let before: Holdings;
beforeAll(async () => {
  stack = await startStack();
  file = await stack.apply(host(counter("steady") + counter("victim") + CRASHER));
  before = await holdings(stack);
});
afterAll(() => stack.close());

const containerOf = async (name: string): Promise<string> =>
  (await projects(stack)).find((each) => each.name === name)?.containerId ?? "";
const stateOf = (id: string): Promise<string> =>
  stack.docker("inspect", "--format", "{{.State.Status}} {{.State.StartedAt}}", id);
const crashLines = async (): Promise<number> => (await linesOf(stack, "crasher")).length;

let goneFrom = 0;
let goneUntil = 0;

test("while it is gone, agents run on and repairs wait", async () => {
  const watch = witness(stack.install);
  const victim = await containerOf("victim");
  const steady = await containerOf("steady");
  const steadyBefore = await stateOf(steady);
  await stack.postgres.kill();
  goneFrom = Date.now();
  await eventually("the modes are named", async () => {
    const held = await modes(stack);
    return held.includes("postgres-gone") && held.includes("repairs-waiting") ? true : undefined;
  });
  await stack.docker("kill", victim);
  const died = await stateOf(victim);

  const refused = await stack.berth("pause", "steady", "--no-wait", "--json");
  expect(refused.code).toBe(69);
  expect(refused.stderr).toContain('"status":503');
  expect((await stack.berth("apply", "-f", file, "-y", "--prune")).code).toBe(69);
  expect((await ready(stack)).ready).toBe(false);
  const crashesBefore = await crashLines();

  await eventually(
    "it was gone long enough",
    () => (Date.now() - goneFrom > GONE_MS ? true : undefined),
    GONE_MS + 1_000,
  );
  // Runners restart their agents alone; the dead container stays as it fell.
  expect(await crashLines()).toBeGreaterThan(crashesBefore);
  expect(await stateOf(victim)).toBe(died);
  expect(await stateOf(steady)).toBe(steadyBefore);
  expect((await ready(stack)).role).toBe("leader");
  goneUntil = Date.now();
  await stack.postgres.revive();
  expect((await watch.stop()).doubles).toEqual([]);
});

test("back again, it recovers without a hand and repairs what waited", async () => {
  await eventually("the modes have left", async () =>
    (await ready(stack)).ready ? true : undefined,
  );
  await eventually("the victim runs again", async () =>
    (await stateOf(await containerOf("victim"))).startsWith("running") ? true : undefined,
  );
  await converged(stack, file);
  const touched = await sql(
    stack,
    "select kind, opened_at from step where opened_at > to_timestamp($1) and opened_at < to_timestamp($2)",
    [goneFrom / 1000 + 0.5, goneUntil / 1000],
  );
  expect(touched).toEqual([]);
});

test("the backlog is recorded, once", async () => {
  const rows = await recordsCaughtUp(stack);
  expect(overlaps(rows)).toEqual([]);
  const crashes = rows.filter(({ project }) => project === "crasher");
  const meanwhile = crashes.filter(
    ({ ended_at: ended }) =>
      ended !== null && ended.getTime() > goneFrom && ended.getTime() < goneUntil,
  );
  expect(meanwhile.length).toBeGreaterThan(3);
  expect(meanwhile.map(({ outcome, exit_code: code }) => `${outcome} ${code}`)).toEqual(
    meanwhile.map(() => "failed 7"),
  );
  const steady = rows.filter(({ project }) => project === "steady");
  expect(steady.map(({ outcome }) => outcome)).toEqual([null]);
  expect(await gaps(stack, "steady", "victim", "crasher")).toEqual([]);
});

test("nothing leaks: neither in the daemon, nor after a removal", async () => {
  await noMoreHeld(stack, before);
  expect(await leftAfterRemoval(stack)).toEqual([]);
});
