/** Following output while it is written: nothing missed, nothing twice, in order, and it ends when told. */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { OutputLine, OutputQuery } from "../../../src/runners/door.ts";
import { fakeSpool, type FakeSpool } from "../../support/fake-spool.ts";

let spool: FakeSpool;
let stop: AbortController;
beforeEach(() => {
  spool = fakeSpool();
  stop = new AbortController();
});
afterEach(() => spool.remove());

/** Collects until `enough`, calling `step` after each line. */
async function collect(
  query: Partial<OutputQuery>,
  enough: number,
  step: (seen: number) => void = () => undefined,
): Promise<OutputLine[]> {
  const lines: OutputLine[] = [];
  const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(20_000)]);
  for await (const line of spool.follow({ follow: true, ...query }, signal)) {
    lines.push(line);
    step(lines.length);
    if (lines.length >= enough) break;
  }
  return lines;
}
const texts = (lines: readonly OutputLine[]): readonly string[] => lines.map((line) => line.text);
const now = (): number => Date.now();

test("lines come as they are written, over new segments and new runs", async () => {
  const run = spool.run({ run: "r1", startedAt: now() });
  run.write(now(), "stdout", "one\n");
  const lines = await collect({}, 5, (seen) => {
    if (seen === 1) run.write(now(), "stderr", "tw");
    if (seen === 1) run.write(now(), "stderr", "o\n");
    if (seen === 2) run.roll(now());
    if (seen === 2) run.write(now(), "stdout", "three\nfo");
    if (seen === 3) run.write(now(), "stdout", "ur\n");
    if (seen === 4) spool.run({ run: "r2", startedAt: now() }).write(now(), "stdout", "five\n");
  });
  expect(texts(lines)).toEqual(["one", "two", "three", "four", "five"]);
});

test("a line arrives long before the slow poll would have found it", async () => {
  const run = spool.run({ run: "r1", startedAt: now() });
  run.write(now(), "stdout", "first\n");
  let written = 0;
  await collect({}, 2, (seen) => {
    if (seen > 1) return;
    setTimeout(() => {
      written = performance.now();
      run.write(now(), "stdout", "second\n");
    }, 100);
  });
  expect(performance.now() - written).toBeLessThan(600);
});

test("a follow of a project without any output begins with its first line", async () => {
  const following = collect({}, 1);
  spool.run({ run: "r1", startedAt: now() }).write(now(), "stdout", "hello\n");
  expect(texts(await following)).toEqual(["hello"]);
});

test("tail then follow gives the last lines and then what comes", async () => {
  const run = spool.run({ run: "r1", startedAt: now() });
  run.write(now(), "stdout", "1\n2\n3\n4\nunfin");
  const lines = await collect({ tail: 2 }, 4, (seen) => {
    if (seen === 2) run.write(now(), "stdout", "ished\n6\n");
  });
  expect(texts(lines)).toEqual(["3", "4", "unfinished", "6"]);
});

test("following one run ends when the run has ended, with its unfinished line", async () => {
  const run = spool.run({ run: "r1", startedAt: now() });
  run.write(now(), "stdout", "a\n");
  const lines = await collect({ run: "r1" }, 100, (seen) => {
    if (seen !== 1) return;
    run.write(now(), "stdout", "b\nlast words");
    run.end(now());
  });
  expect(texts(lines)).toEqual(["a", "b", "last words"]);
});

test("an abort ends a follow quietly, at once", async () => {
  spool.run({ run: "r1", startedAt: now() }).write(now(), "stdout", "a\n");
  let aborted = 0;
  const lines = await collect({}, 100, () => {
    // By then it waits for a second line.
    setTimeout(() => {
      aborted = performance.now();
      stop.abort();
    }, 50);
  });
  expect(texts(lines)).toEqual(["a"]);
  expect(performance.now() - aborted).toBeLessThan(600);
});

test("a follow until a time that is past ends", async () => {
  spool.run({ run: "r1", startedAt: 1_000 }).write(1_001, "stdout", "a\n");
  expect(texts(await collect({ until: 2_000 }, 100))).toEqual(["a"]);
});

test("a follow of one run that printed nothing ends once its end is recorded", async () => {
  let looks = 0;
  const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(20_000)]);
  const isOver = async (run: string): Promise<boolean> => run === "r1" && (looks += 1) > 2;
  for await (const line of spool.follow({ follow: true, run: "r1" }, signal, isOver))
    expect.fail(`a line: ${line.text}`);
  expect(looks).toBe(3);
  expect(signal.aborted).toBe(false);
});

test("what was printed before the end was recorded is told, though nothing was there at first", async () => {
  const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(20_000)]);
  const isOver = async (): Promise<boolean> => {
    const run = spool.run({ run: "r1", startedAt: now() });
    run.write(now(), "stdout", "last words\n");
    run.end(now());
    return true;
  };
  const lines: OutputLine[] = [];
  for await (const line of spool.follow({ follow: true, run: "r1" }, signal, isOver))
    lines.push(line);
  expect(texts(lines)).toEqual(["last words"]);
});
