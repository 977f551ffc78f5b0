/** The question board: levels read from the records, answers delivered until the runner has them. */
import { expect, test, vi } from "vitest";
import type { QuestionRecord } from "../../../src/model/question.ts";
import type { JournalEvent } from "../../../src/model/run.ts";
import { openQuestionBoard } from "../../../src/loop/questions.ts";
import type { Session } from "../../../src/loop/session.ts";
import { aQuestion } from "../../support/fake-questions.ts";

/** A session with only what the board asks of it. */
async function setUp(recorded: QuestionRecord[]) {
  const world = {
    recorded,
    connected: true,
    fails: false,
    reads: 0,
    told: [] as string[],
    refuses: false,
  };
  const session = {
    signal: new AbortController().signal,
    modes: { holds: () => false },
    log: { warn: () => undefined, debug: () => undefined },
    doors: {
      postgres: {
        questions: {
          async pending() {
            world.reads += 1;
            if (world.fails) throw new Error("away");
            return [...world.recorded];
          },
        },
      },
      runners: {
        connected: () => world.connected,
        async answer(project: string, { run, question, text }: Record<string, string>) {
          if (world.refuses) throw new Error("no answer");
          world.told.push(`${project} ${run} ${question?.slice(0, 2)} ${text}`);
        },
      },
    },
  };
  // oxlint-disable-next-line no-unsafe-type-assertion -- the board uses no more of it
  const board = await openQuestionBoard(session as unknown as Session);
  return { world, board };
}

const answered = aQuestion("8", { state: "answered", answer: "yes", run: "r-8" });
const exited = (run: string): JournalEvent => ({
  seq: 1,
  at: 1,
  boot: "b",
  kind: "exited",
  run,
  agent: "coder",
  replica: 0,
  code: 0,
  signal: null,
  oom: false,
  cause: "self",
  survivors: 0,
  durationMs: 1,
});

test("what is recorded as open is known from the start, and answers on their way are delivered at once", async () => {
  const { world, board } = await setUp([aQuestion("7"), answered]);
  expect(board.open().map(({ id }) => id)).toEqual(["7"]);
  expect(board.open("other")).toEqual([]);
  expect([board.busy("web"), board.busy("other")]).toEqual([true, false]);
  expect(world.told).toEqual(["web r-8 01 yes"]);
  board.close();
});

test("an answer is delivered again over each new connection until the records know that the run has it", async () => {
  const { world, board } = await setUp([answered]);
  board.connected("web");
  board.connected("other");
  expect(world.told).toHaveLength(2);
  world.recorded = [];
  board.doubt();
  await vi.waitFor(() => expect(board.busy("web")).toBe(false));
  board.connected("web");
  expect(world.told).toHaveLength(2);
  board.close();
});

test("an answer that did not get through, or met no runner, is tried again by the clock", async () => {
  vi.useFakeTimers();
  const { world, board } = await setUp([]);
  world.recorded = [answered];
  world.refuses = true;
  board.doubt();
  await vi.advanceTimersByTimeAsync(0);
  world.refuses = false;
  world.connected = false;
  await vi.advanceTimersByTimeAsync(3_000);
  expect(world.told).toEqual([]);
  world.connected = true;
  await vi.advanceTimersByTimeAsync(3_000);
  expect(world.told).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(9_000);
  expect(world.told).toHaveLength(1);
  board.close();
  vi.useRealTimers();
});

test("records that could not be read are read again; an idle board reads nothing", async () => {
  vi.useFakeTimers();
  const { world, board } = await setUp([]);
  world.fails = true;
  board.doubt();
  await vi.advanceTimersByTimeAsync(0);
  world.fails = false;
  world.recorded = [aQuestion("7")];
  await vi.advanceTimersByTimeAsync(3_000);
  expect(board.open()).toHaveLength(1);
  world.recorded = [];
  // News may be lost: what is believed open is read anew every half minute.
  await vi.advanceTimersByTimeAsync(30_000);
  expect(board.open()).toEqual([]);
  const { reads } = world;
  await vi.advanceTimersByTimeAsync(120_000);
  expect(world.reads).toBe(reads);
  board.close();
  vi.useRealTimers();
});

test("only news of questions, and ends of runs that ask, call for a look", async () => {
  const { world, board } = await setUp([aQuestion("7")]);
  board.ingested("web", [exited("somebody else")]);
  board.ingested("other", [exited("r-1")]);
  board.ended("other");
  expect(world.reads).toBe(1);
  world.recorded = [];
  board.ingested("web", [exited("r-1")]);
  await vi.waitFor(() => expect(board.open()).toEqual([]));
  expect(world.reads).toBe(2);
  board.close();
});

test("many asks at once share one read more", async () => {
  const { world, board } = await setUp([]);
  for (let n = 0; n < 50; n += 1) board.doubt();
  await vi.waitFor(() => expect(world.reads).toBe(3));
  await Promise.resolve();
  expect(world.reads).toBe(3);
  board.close();
});
