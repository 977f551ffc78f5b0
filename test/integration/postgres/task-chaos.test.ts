/** Tasks under any order of calls and under connections that die at any moment: slots add up, and each task ends exactly once. */
import { array, assert, asyncProperty, constantFrom, nat, record } from "fast-check";
import { expect, test } from "vitest";
import { BerthError } from "../../../src/base/errors.ts";
import type { JournalBody } from "../../../src/model/run.ts";
import { isTerminal } from "../../../src/model/task.ts";
import type { PostgresDoor } from "../../../src/postgres/door.ts";
import type { ListedTask } from "../../../src/postgres/task-door.ts";
import { projectSpec } from "../../support/declarations.ts";
import { database, door, epoch, leadOwnDatabase, startWith } from "./leader.ts";
import { LOCAL, exited, journal, started } from "./requests.ts";
import { endOf, rowOf } from "./task-requests.ts";

const POOL = 3;
leadOwnDatabase();
startWith("generation, project, subnet, run, event, task, attempt, task_need", projectSpec("web"));

type Call = Readonly<{
  kind:
    | "submit"
    | "chain"
    | "claim"
    | "hand"
    | "unclaim"
    | "settle"
    | "cancel"
    | "promote"
    | "retry";
  pick: number;
  outcome: number;
}>;

const calls = array(
  record<Call>({
    kind: constantFrom(
      "submit",
      "submit",
      "chain",
      "claim",
      "claim",
      "claim",
      "hand",
      "unclaim",
      "settle",
      "settle",
      "cancel",
      "promote",
      "retry",
    ),
    pick: nat(20),
    outcome: nat(4),
  }),
  { minLength: 10, maxLength: 30 },
);
const OUTCOMES = ["succeeded", "failed", "cancelled", "timed-out", "lost"] as const;

/** One call, in whatever state things are; refusals are answers too. */
async function make(
  { kind, pick, outcome }: Call,
  state: { runs: string[]; ids: string[] },
): Promise<void> {
  const { tasks } = door;
  const run = state.runs[pick % Math.max(1, state.runs.length)] ?? "none";
  const id = state.ids[pick % Math.max(1, state.ids.length)] ?? "1";
  const made: Record<Call["kind"], () => Promise<unknown>> = {
    submit: async () =>
      remember(
        await tasks.submit(epoch, [rowOf({ maxAttempts: 1 + (outcome % 3) })], LOCAL),
        state.ids,
      ),
    chain: async () =>
      remember(await tasks.submit(epoch, [rowOf({ after: [id] })], LOCAL), state.ids),
    claim: async () => {
      const mine = `${id}-${state.runs.length}`;
      state.runs.push(mine);
      return tasks.claim(epoch, POOL, [{ task: id, run: mine, leaseMs: 1_000 }]);
    },
    hand: () => tasks.handed(epoch, [run]),
    unclaim: () => tasks.unclaim(epoch, [run]),
    settle: () => tasks.settle(epoch, [endOf(run, { outcome: OUTCOMES[outcome] ?? "lost" })]),
    cancel: () => tasks.cancel(epoch, id, LOCAL),
    promote: () => tasks.promote(epoch, 9e12),
    retry: () => tasks.retry(epoch, id, LOCAL),
  };
  await made[kind]().catch((error: unknown) => {
    if (!(error instanceof BerthError) || error.kind === "defect") throw error;
  });
}

function remember(
  answers: Awaited<ReturnType<PostgresDoor["tasks"]["submit"]>>,
  ids: string[],
): void {
  ids.push(...answers.flatMap((answer) => (answer.ok ? [answer.task.id] : [])));
}

const all = (): Promise<readonly ListedTask[]> =>
  door.tasks.list({ project: null, agent: null, states: [], tag: null, after: null, limit: 1_000 });

async function invariants(
  before: readonly ListedTask[],
  call: Call,
): Promise<readonly ListedTask[]> {
  const [now, slots] = [await all(), await door.tasks.running()];
  expect(slots.length).toBeLessThanOrEqual(POOL);
  const running = now.filter((task) => task.state === "running");
  expect(slots.map((slot) => `${slot.task} ${slot.run}`).toSorted()).toEqual(
    running.map((task) => `${task.id} ${task.run}`).toSorted(),
  );
  for (const task of now) expect(task.attempts).toBeLessThanOrEqual(task.maxAttempts);
  const known = new Map(now.map((task) => [task.id, task]));
  const ended = before.filter((task) => isTerminal(task.state) && call.kind !== "retry");
  expect(ended.map((task) => known.get(task.id))).toEqual(ended);
  return now;
}

test("in every order of calls the slots are the running tasks, the pool is never exceeded, and what ended stays as it is", async () => {
  await assert(
    asyncProperty(calls, async (list) => {
      await database.sql("truncate task, attempt, task_need");
      const state = { runs: [], ids: [] };
      let before: readonly ListedTask[] = [];
      for (const call of list) {
        await make(call, state);
        before = await invariants(before, call);
      }
      // Whatever waits for something that has ended hears of it.
      await door.tasks.promote(epoch, 9e12);
      const ended = new Set(
        (await all()).filter((task) => isTerminal(task.state)).map((task) => task.id),
      );
      const pending = (await all()).filter((task) => task.state === "pending");
      expect(pending.filter((task) => task.after.every((id) => ended.has(id)))).toEqual([]);
    }),
    { numRuns: 15 },
  );
});

test("with connections killed all the time, retried calls submit, claim and end each task exactly once", async () => {
  const COUNT = 60;
  let refused = 0;
  const patient = async <T>(call: () => Promise<T>): Promise<T> => {
    const until = Date.now() + 40_000;
    for (;;)
      try {
        return await call();
      } catch (thrown) {
        const passing =
          thrown instanceof BerthError &&
          (thrown.kind === "transient" || thrown.code === "postgres.write-contended");
        if (!passing || Date.now() > until) throw thrown;
        refused += 1;
      }
  };
  const killing = new AbortController();
  const killer = (async () => {
    while (!killing.signal.aborted)
      await database.sql(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and application_name not like '%-leader' and random() < 0.4",
      );
  })();
  const numbers = Array.from({ length: COUNT }, (_, at) => at);
  const life = async (at: number): Promise<string> => {
    const [answer] = await patient(() =>
      door.tasks.submit(
        epoch,
        [rowOf({ idempotencyKey: `k${at}`, payload: at, maxAttempts: 2 })],
        LOCAL,
      ),
    );
    const id = answer?.ok === true ? answer.task.id : "";
    const run = `run-${at}`;
    const claims = await patient(() =>
      door.tasks.claim(epoch, COUNT, [{ task: id, run, leaseMs: 60_000 }]),
    );
    expect(claims).toHaveLength(1);
    await patient(() => door.tasks.handed(epoch, [run]));
    return id;
  };
  const ids: string[] = [];
  for (const at of numbers) ids.push(await life(at));
  const events = journal(
    1,
    ...ids.flatMap((task, at): JournalBody[] => [
      { ...started(`run-${at}`), task } as JournalBody,
      exited(`run-${at}`, { code: at % 3 === 0 ? 1 : 0 }),
    ]),
  );
  for (let from = 0; from < events.length; from += 7)
    await Promise.all(
      [0, 3].map((back) =>
        patient(() =>
          door.ingest({
            epoch,
            project: "web",
            generation: 1,
            events: events.slice(Math.max(0, from - back), from + 7),
          }),
        ),
      ),
    );
  killing.abort();
  await killer;
  expect(refused).toBeGreaterThan(5);
  const tasks = await patient(all);
  expect(new Set(ids).size).toBe(COUNT);
  expect(tasks).toHaveLength(COUNT);
  for (const task of tasks) {
    expect(task.attempts).toBe(1);
    const payload = (await patient(() => door.tasks.get(task.id)))?.payload;
    expect(task.state).toBe(Number(payload) % 3 === 0 ? "pending" : "succeeded");
  }
  expect(
    await database.sql("select count(*)::int as n, count(outcome)::int as ended from attempt"),
  ).toEqual([{ n: COUNT, ended: COUNT }]);
});
