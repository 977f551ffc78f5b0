/** What runners refuse and what is answered late, while the desk compares itself with the records: nothing twice, nothing beside another, nothing forgotten. */
import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { BerthError } from "../../../../src/base/errors.ts";
import type { JournalBody, JournalEvent } from "../../../../src/model/run.ts";
import { openDesk } from "../../../../src/loop/tasks/desk.ts";
import { deskSession, heardRunner } from "../../../support/desk-session.ts";
import { BY, inTurn, SLOTS, workerProject } from "../../../support/desk-story.ts";
import { readyReport } from "../../../support/runner-report.ts";
import { fakeTaskDoor, type Fate } from "../../../support/fake-task-door.ts";
import type { RunnerFate } from "../../../support/fake-task-runner.ts";
import { submitRow } from "../../../support/submit-row.ts";

const TASKS = 6;
/** Two at once would share a workspace that is one's own. */
const MAX = 1;
const TASK_MS = 3_000;
const WEB = workerProject({ max: MAX, timeoutMs: 60_000 });
/** Longer than everything that may happen, all tasks one after the other, and every clock of the desk that mends. */
const MENDED_MS = 20_000 + TASKS * (TASK_MS + 2_000) + 40_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A runner whose tasks take a while, and who tells how many of them were there at once. */
class SlowRunner {
  readonly started: string[] = [];
  readonly journal: JournalEvent[] = [];
  readonly live = new Set<string>();
  readonly #fate: () => RunnerFate;
  most = 0;

  constructor(fate: () => RunnerFate) {
    this.#fate = fate;
  }

  async take({ run, task }: Readonly<{ run: string; task: string }>): Promise<void> {
    const how = this.#fate();
    if (how === "slow") await pause(700);
    // What it has it never refuses.
    if (how === "refused" && !this.started.includes(run))
      throw new BerthError("capacity", { code: "runner.task-blocked", detail: "it is stopping" });
    if (how !== "before" && !this.started.includes(run)) this.#begin(run, task);
    if (how === "late") await pause(700);
    if (how === "before" || how === "after")
      throw new BerthError("transient", { code: "runners.unreachable", detail: "answer lost" });
  }

  #begin(run: string, task: string): void {
    this.started.push(run);
    this.live.add(run);
    this.most = Math.max(this.most, this.live.size);
    const of = { run, agent: "coder", replica: 0, task };
    this.#say({ kind: "started", ...of, pid: 1, generation: 1 });
    setTimeout(() => {
      this.live.delete(run);
      const end = { signal: null, oom: false, cause: "self", survivors: 0, durationMs: 1 } as const;
      this.#say({ kind: "exited", ...of, code: 0, ...end });
    }, TASK_MS);
  }

  #say(body: JournalBody): void {
    this.journal.push({ seq: this.journal.length + 1, at: Date.now(), boot: "boot-1", ...body });
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const FATE = fc.constantFrom<Fate>("answered", "answered", "before", "after", "late", "slow");
const HANDED = fc.constantFrom<RunnerFate>(
  "answered",
  "refused",
  "refused",
  "before",
  "after",
  "late",
  "slow",
);
const STORY = fc.record({
  claim: fc.array(FATE, { maxLength: 6 }),
  unclaim: fc.array(FATE, { maxLength: 6 }),
  other: fc.array(FATE, { maxLength: 40 }),
  handed: fc.array(HANDED, { maxLength: 20 }),
  /** When the desk doubts, and when its runner is connected anew: ms. */
  doubts: fc.array(fc.integer({ min: 0, max: 6_000 }), { maxLength: 12 }),
  connects: fc.array(fc.integer({ min: 0, max: 6_000 }), { maxLength: 5 }),
});

const CALM = { claim: [], unclaim: [], other: [], handed: [], doubts: [], connects: [] };
/** Stories that went wrong once; the second task is offered after 3.2 s, and doubts are looked into each 0.5 s. */
const FOUND: readonly (typeof STORY extends fc.Arbitrary<infer S> ? S : never)[] = [
  { ...CALM, claim: ["after"], connects: [3_001] },
  { ...CALM, handed: ["slow", "refused"], connects: [3_001] },
  {
    ...CALM,
    unclaim: ["answered", "answered", "before"],
    handed: ["refused", "refused", "refused"],
    doubts: [3_001],
  },
  // The answer comes when the task has another slot.
  { ...CALM, unclaim: ["late"], handed: ["refused"], doubts: [3_300], connects: [4_500] },
  // Taken back unheard, and offered once more.
  { ...CALM, unclaim: ["after"], handed: ["refused"], connects: [3_300] },
];

test("in every interleaving each task runs once, at most `max` at a time, and the desk ends as the records", async () => {
  await fc.assert(
    fc.asyncProperty(STORY, async ({ handed, doubts, connects, ...database }) => {
      let calm = true;
      const nextHanded = inTurn(handed, "answered");
      const next = {
        claim: inTurn(database.claim, "answered"),
        unclaim: inTurn(database.unclaim, "answered"),
        other: inTurn(database.other, "answered"),
      };
      const fateOf = (call: string): Fate =>
        next[call === "claim" || call === "unclaim" ? call : "other"]();
      const now = (): number => Date.now();
      const fake = fakeTaskDoor((call) => (calm ? "answered" : fateOf(call)), now);
      const runner = new SlowRunner(() => (calm ? "answered" : nextHanded()));
      const ending = new AbortController();
      const session = deskSession({
        tasks: fake.door,
        runners: heardRunner(runner),
        epoch: 1,
        slots: SLOTS,
        projects: [WEB],
        now,
        ended: ending.signal,
      });
      const desk = await openDesk(session);
      session.desk = desk;
      fake.door.onSettled((settled) => desk.settled(settled));
      let durable = 0;
      const reader = setInterval(() => {
        const to = runner.journal.length;
        const taken = (): void => {
          durable = Math.max(durable, to);
          const row = session.world.records.get("web");
          if (row !== undefined) session.world.records.set("web", { ...row, journalSeq: durable });
        };
        fake.ingest(runner.journal.slice(durable)).then(taken, () => desk.doubt());
      }, 200);
      const reporter = setInterval(
        () =>
          desk.reported({
            ...readyReport("web", { taskRuns: [...runner.live] }),
            journalSeq: runner.journal.length,
          }),
        2_000,
      );
      for (let key = 0; key < TASKS; key += 1) await desk.submit(submitRow(key), BY);
      calm = false;
      for (const ms of doubts) setTimeout(() => desk.doubt(), ms);
      for (const ms of connects) setTimeout(() => desk.connected("web"), ms);
      await vi.advanceTimersByTimeAsync(MENDED_MS);
      for (const each of [reader, reporter]) clearInterval(each);
      const slots = [...desk.pool.slots()];
      const held = [...desk.runs.keys()];
      ending.abort();
      desk.close();

      expect([...fake.records.values()].map(({ state }) => state)).toEqual(
        Array.from({ length: TASKS }, () => "succeeded"),
      );
      const worked = runner.started.map((run) => fake.attempts.get(run)?.task ?? `none of ${run}`);
      expect(new Set(worked)).toEqual(new Set(fake.records.keys()));
      expect(worked).toHaveLength(TASKS);
      expect(runner.most).toBe(MAX);
      expect([slots, held, desk.pool.waiting]).toEqual([[], [], 0]);
    }),
    {
      examples: FOUND.map((story) => [story]),
      numRuns: process.env["BERTH_LONG"] === "1" ? 3_000 : 100,
    },
  );
}, 120_000);
