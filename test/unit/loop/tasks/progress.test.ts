/** What tasks say of their progress: each word for readers, in events the first at once and then the latest once in a while. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { HeldRun } from "../../../../src/loop/tasks/desk-state.ts";
import { createProgressTeller, progressIn } from "../../../../src/loop/tasks/progress.ts";
import type { Session } from "../../../../src/loop/session.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function desk() {
  const told: string[] = [];
  const outbox = {
    add: ({ kind, message }: Readonly<{ kind: string; message: string }>) =>
      told.push(`${kind}: ${message}`),
    flush: async () => true,
  };
  const held = (run: string, project: string): readonly [string, HeldRun] => [
    run,
    {
      task: "41",
      run,
      project,
      agent: "coder",
      unhanded: null,
      unsure: false,
      refused: false,
      withdrawn: false,
      cancelling: false,
      progress: null,
      startedAt: 0,
      waitedMs: null,
      begun: true,
    },
  ];
  const runs = new Map([held("r1", "web"), held("r2", "api")]);
  // oxlint-disable-next-line no-unsafe-type-assertion -- it tells events, no more
  const teller = createProgressTeller({ session: { outbox } as unknown as Session, runs });
  return {
    told,
    runs,
    teller,
    say: (...said: Parameters<typeof teller.said>) => teller.said(...said),
  };
}

test("the first word is an event at once, later ones are one event each ten seconds, the latest", () => {
  const { told, say } = desk();
  say("r1", { fraction: 0.1, text: "reading" });
  for (let step = 2; step <= 9; step += 1) say("r1", { fraction: step / 10, text: "" });
  expect(told).toEqual(["worker.progress: task 41 of coder: 10 %, reading"]);
  vi.advanceTimersByTime(60_000);
  expect(told.slice(1)).toEqual(["worker.progress: task 41 of coder: 90 %"]);
  say("r1", { fraction: 1, text: "done" });
  expect(told.slice(2)).toEqual(["worker.progress: task 41 of coder: 100 %, done"]);
});

test("nothing is told of a run that has ended, or that nobody knows", () => {
  const { told, runs, say } = desk();
  say("r1", { fraction: 0.1, text: "" });
  say("r1", { fraction: 0.2, text: "" });
  runs.delete("r1");
  vi.advanceTimersByTime(60_000);
  say("r9", { fraction: 0.5, text: "" });
  expect(told).toHaveLength(1);
});

test("readers see the latest word of each project's own tasks", () => {
  const { runs, say } = desk();
  say("r1", { fraction: 0.1, text: "reading" });
  say("r1", { fraction: 0.4, text: "writing" });
  expect(progressIn("web", runs)).toEqual([
    { task: "41", agent: "coder", fraction: 0.4, text: "writing" },
  ]);
  expect(progressIn("api", runs)).toEqual([]);
});

test("what is said before the start is recorded is told after it; of a run that ends with it, by whoever records both", () => {
  const { told, runs, teller, say } = desk();
  for (const held of runs.values()) held.begun = false;
  say("r1", { fraction: 0.1, text: "reading" });
  say("r2", { fraction: 0.2, text: "quick" });
  expect(told).toEqual([]);
  teller.begun("r1");
  expect(told).toEqual(["worker.progress: task 41 of coder: 10 %, reading"]);
  expect(teller.take(["r1", "r2", "r9"])).toMatchObject([
    { project: "api", kind: "worker.progress", fields: { run: "r2", fraction: 0.2 } },
  ]);
  // once
  expect(teller.take(["r2"])).toEqual([]);
  teller.begun("r2");
  expect(told).toHaveLength(1);
});
