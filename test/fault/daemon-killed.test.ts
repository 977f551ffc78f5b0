/** The daemon is killed at random moments under churn: nothing acknowledged is lost, no run lost or doubled, nothing leaks. */
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  converged,
  gaps,
  holdings,
  linesOf,
  noMoreHeld,
  overlaps,
  recordsCaughtUp,
  leftAfterRemoval,
  sql,
} from "../support/accounts.ts";
import { counter, host } from "../support/samples.ts";
import { type Stack, eventually, startStack } from "../support/stack.ts";
import { witness } from "../support/witness.ts";

const KILLS = process.env["BERTH_LONG"] === "1" ? 50 : 10;
/** A random moment of a start, of its recovery, or of the work after it. */
const LONGEST_LIFE_MS = 2_500;

/** Writes ten lines, then fails with 7; again and again. */
const CRASHER = `  crasher:
    agents:
      crash:
        command: [/bin/sh, -c, "i=0; while [ $i -lt 10 ]; do i=$((i+1)); echo $i; sleep 0.05; done; exit 7"]
        restart: { policy: always, backoff: 0s, max: 1000 }
`;

/** A new turn's label asks for a new container of `replaced`, and its environment for a restart of `gone`'s agents. */
function declared(turn: string): string {
  return host(
    [
      counter("steady"),
      counter("scaled"),
      counter("frozen"),
      counter("replaced", `    labels: { turn: "${turn}" }\n`),
      counter("gone", `    environment: { TURN: "${turn}" }\n`),
      CRASHER,
    ].join(""),
  );
}

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.close());

/** What was asked for last and what an answer said was accepted, by what it is about. */
interface Asked {
  /** Values that may hold now, by what they are about: the last acknowledged one and everything that was tried after it. */
  readonly possible: Record<string, string[]>;
  /** Turns whose declaration was acknowledged. */
  readonly accepted: string[];
  acknowledged: number;
}

/** Asks one thing after the other until told to stop; a daemon that is dead refuses, and that is part of it. */
async function churn(ending: AbortSignal): Promise<Asked> {
  const asked: Asked = {
    possible: { scaled: ["1"], frozen: ["active"], gone: ["declared"] },
    accepted: [],
    acknowledged: 0,
  };
  const tryTo = async (what: string, value: string, argv: readonly string[]): Promise<boolean> => {
    const { code } = await stack.berth(...argv);
    const before = asked.possible[what] ?? [];
    asked.possible[what] = code === 0 ? [value] : [...before, value];
    if (code === 0) asked.acknowledged += 1;
    return code === 0;
  };
  for (let turn = 0; !ending.aborted; turn += 1) {
    const file = stack.write(`turn-${turn}.yaml`, declared(String(turn)));
    const replicas = String((turn % 3) + 1);
    await tryTo("scaled", replicas, ["scale", `scaled/count=${replicas}`, "--no-wait"]);
    if (turn % 2 === 0) await tryTo("frozen", "frozen", ["pause", "frozen", "--no-wait"]);
    else await tryTo("frozen", "active", ["resume", "frozen", "--no-wait"]);
    if (turn % 3 === 0) await tryTo("gone", "removed", ["remove", "gone", "--volumes", "-y"]);
    else if (await tryTo("gone", "declared", ["apply", "-f", file, "-y"]))
      asked.accepted.push(String(turn));
  }
  return asked;
}

test(`killed ${KILLS} times under churn, it converges and the accounts agree`, async () => {
  const file = await stack.apply(declared("first"));
  const before = await holdings(stack);
  const watch = witness(stack.install);
  const ending = new AbortController();
  const churning = churn(ending.signal);

  for (let kill = 0; kill < KILLS; kill += 1) {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * LONGEST_LIFE_MS));
    await stack.killDaemon("SIGKILL");
    // Every other time the next one is killed whatever it is at: waiting for the lease, recovering, leading.
    if (kill % 2 === 0) await stack.startDaemon();
    else stack.launchDaemon();
  }
  await stack.killDaemon("SIGKILL");
  await stack.startDaemon();
  ending.abort();
  const asked = await churning;
  const testimony = await watch.stop();

  expect(testimony.doubles).toEqual([]);
  expect(testimony.looks).toBeGreaterThan(KILLS);
  await acknowledgedHolds(asked);

  await stack.ok("resume", "frozen");
  await stack.ok("apply", "-f", file, "--wait", "-y");
  await converged(stack, file);
  const rows = await recordsCaughtUp(stack);
  expect(overlaps(rows)).toEqual([]);
  const steady = rows.filter(({ project }) => project === "steady");
  expect(steady.map(({ outcome }) => outcome)).toEqual([null]);
  await noMoreHeld(stack, before);
});

async function acknowledgedHolds({ possible, accepted, acknowledged }: Asked): Promise<void> {
  expect(acknowledged).toBeGreaterThan(KILLS / 5);
  const found = await sql<{ name: string; wanted: string; replicas: Record<string, number> }>(
    stack,
    "select name, wanted, replicas from project where wanted <> 'removed'",
  );
  const row = (name: string) => found.find((each) => each.name === name);
  expect(possible["scaled"]).toContain(String(row("scaled")?.replicas["count"] ?? 1));
  expect(possible["frozen"]).toContain(row("frozen")?.wanted);
  expect(possible["gone"]).toContain(row("gone") === undefined ? "removed" : "declared");
  const kept = await sql<{ bundle: string }>(stack, "select bundle::text from generation");
  const lost = accepted.filter(
    (turn) => !kept.some(({ bundle }) => bundle.includes(`turn: \\"${turn}\\"`)),
  );
  expect(lost).toEqual([]);
}

test("every agent's output is numbered 1 to N, run by run, over all those kills", async () => {
  await eventually("the steady one goes on counting", async () =>
    (await linesOf(stack, "steady")).length > 50 ? true : undefined,
  );
  expect(await gaps(stack, "steady", "scaled", "frozen", "replaced", "crasher")).toEqual([]);
});

test("every crash is recorded once, with its true exit code", async () => {
  // Records first: who is over by then has said everything.
  const rows = (await recordsCaughtUp(stack)).filter(({ project }) => project === "crasher");
  const lines = await linesOf(stack, "crasher");
  const ended = rows.filter(({ outcome }) => outcome !== null);
  expect(ended.length).toBeGreaterThan(KILLS);
  expect(
    ended.filter(({ exit_code: code, outcome }) => code !== 7 || outcome !== "failed"),
  ).toEqual([]);
  const written = Map.groupBy(lines, ({ run }) => run);
  const ofEnded = new Set(ended.map(({ id }) => id));
  const wrong = [...written].filter(
    ([run, of]) =>
      ofEnded.has(run) &&
      of.map(({ text }) => text).join() !== Array.from({ length: 10 }, (_, n) => n + 1).join(),
  );
  expect(wrong).toEqual([]);
  expect([...ofEnded].filter((id) => !written.has(id))).toEqual([]);
});

test("removed, nothing of it is left", async () => {
  expect(await leftAfterRemoval(stack)).toEqual([]);
});
