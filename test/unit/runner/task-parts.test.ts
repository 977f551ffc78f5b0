/** Parts of a task's life without a process: results, words, progress, known runs, the journal that keeps them. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import type { JournalEvent } from "../../../src/model/run.ts";
import { CappedBytes } from "../../../src/runner/capped-bytes.ts";
import { Clock } from "../../../src/runner/clock.ts";
import { Journal } from "../../../src/runner/journal.ts";
import { KnownRuns } from "../../../src/runner/known-runs.ts";
import { ProgressTeller } from "../../../src/runner/progress.ts";
import { resultFields } from "../../../src/runner/result.ts";
import { MAX_LINE_BYTES, parseSaying, SayingReader } from "../../../src/runner/saying.ts";
import { MAX_NOTES, TaskWords } from "../../../src/runner/task-words.ts";

afterEach(() => vi.useRealTimers());

const fieldsOf = (text: string) => resultFields(Buffer.from(text));

test("a result is any JSON the database can keep; everything else is a fault that says why", () => {
  expect(fieldsOf("")).toEqual({});
  for (const value of [null, false, 0, "", [], { a: [1, "\\u0000", "ü"] }]) {
    expect(fieldsOf(JSON.stringify(value))).toEqual({ result: value });
  }
  for (const text of ["{", "hello", "[1,]", "\ufeff{}x"]) {
    expect(fieldsOf(text)).toEqual({ resultFault: "the result is not JSON" });
  }
  expect(resultFields(Buffer.from([0x22, 0xff, 0x22]))).toEqual({
    resultFault: "the result is not JSON",
  });
  for (const text of ['"\\u0000"', '{"a\\ud800":1}', '"\\\\\\u0000"']) {
    expect(fieldsOf(text).resultFault).toContain("character");
  }
  expect(fieldsOf('"\\ud83d\\ude00"')).toEqual({ result: "😀" });
  expect(fieldsOf(`${"[".repeat(500)}${"]".repeat(500)}`).resultFault).toContain("deep");
  expect(fieldsOf(`${"[".repeat(100_000)}${"]".repeat(100_000)}`).resultFault).toContain("deep");
});

test("256 KiB are kept, one byte more is not, and numbers that grow when written again count as they grow", () => {
  const fits = JSON.stringify("x".repeat(262_142));
  expect(fieldsOf(fits)).toEqual({ result: "x".repeat(262_142) });
  expect(fieldsOf(`${fits} `).resultFault).toContain("262145 bytes");
  expect(fieldsOf(`[${"1e20,".repeat(50_000)}1]`).resultFault).toContain("at most 262144");
});

test("lines are told apart however the bytes are cut; long and meaningless ones are dropped whole", () => {
  const lines = [
    "progress r1 0.5 half way",
    "nonsense",
    `note r2 ${"x".repeat(MAX_LINE_BYTES)}`,
    "note r2 grüße \u0000 an\talle",
    "part r1 7 aGVsbG8=",
    "result r1 7",
    "progress r1 2 too far",
    "progress r1 ",
  ];
  const wanted = lines.flatMap((line) => (line.length > 200 ? [] : (parseSaying(line) ?? [])));
  expect(wanted).toEqual([
    { kind: "progress", run: "r1", fraction: 0.5, text: "half way" },
    { kind: "note", run: "r2", text: "grüße   an alle" },
    { kind: "part", run: "r1", call: "7", bytes: Buffer.from("hello") },
    { kind: "result", run: "r1", call: "7" },
  ]);
  const bytes = Buffer.from(`${lines.join("\n")}\n`);
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length), { maxLength: 9 }), (cuts) => {
      const reader = new SayingReader();
      const found = [0, ...cuts.toSorted((a, b) => a - b)].flatMap((from, index, all) => [
        ...reader.push(bytes.subarray(from, all[index + 1] ?? bytes.length)),
      ]);
      expect(found).toEqual(wanted);
    }),
    { numRuns: 60 },
  );
});

test("the last result that was said to its end counts; parts of another call do not mix in", () => {
  const words = new TaskWords({ note: () => undefined, progress: () => undefined });
  const part = (call: string, text: string) =>
    words.hear({ kind: "part", run: "r", call, bytes: Buffer.from(text) });
  part("1", "old");
  words.hear({ kind: "result", run: "r", call: "1" });
  part("2", "be");
  part("3", "whole");
  words.hear({ kind: "result", run: "r", call: "2" });
  expect(Buffer.from(words.result?.bytes ?? []).toString()).toBe("old");
  words.hear({ kind: "result", run: "r", call: "3" });
  expect(Buffer.from(words.result?.bytes ?? []).toString()).toBe("whole");
});

test("pieces come out as the bytes they were, or as none at all above the cap, which is still counted", () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 700 }), { maxLength: 12 });
  fc.assert(
    fc.property(pieces, (given) => {
      const kept = new CappedBytes(3_000);
      for (const piece of given) kept.push(piece);
      const whole = Buffer.concat(given);
      expect(kept.count).toBe(whole.length);
      expect(kept.bytes).toEqual(whole.length > 3_000 ? Buffer.alloc(0) : whole);
    }),
  );
});

test("notes without end are cut off, and the last one kept says so", () => {
  const notes: string[] = [];
  const words = new TaskWords({ note: (text) => notes.push(text), progress: () => undefined });
  for (let n = 1; n <= 1_000; n += 1) words.hear({ kind: "note", run: "r", text: `note ${n}` });
  expect(notes).toHaveLength(MAX_NOTES);
  expect(notes.at(-1)).toContain("dropped");
});

test("progress goes out at once, then every 200 ms, and the end tells what was held back", () => {
  vi.useFakeTimers();
  const told: number[] = [];
  const teller = new ProgressTeller(({ fraction }) => told.push(fraction));
  const say = (fraction: number) => teller.say({ fraction, text: "" });
  for (const fraction of [0.1, 0.2, 0.3]) say(fraction);
  expect(told).toEqual([0.1]);
  vi.advanceTimersByTime(200);
  expect(told).toEqual([0.1, 0.3]);
  vi.advanceTimersByTime(1_000);
  say(0.4);
  say(0.5);
  teller.end();
  vi.advanceTimersByTime(1_000);
  expect(told).toEqual([0.1, 0.3, 0.4, 0.5]);
});

test("known are this boot's runs and all the daemon has not acknowledged; the oldest go first", () => {
  const lost = (seq: number): JournalEvent => ({
    seq,
    at: 1,
    boot: "b",
    kind: "lost",
    run: `old-${seq}`,
    agent: "a",
    replica: 0,
    reason: "container died",
  });
  const events = [3, 4, 5, 6].map(lost);
  const readAfter = (seq: number) => events.filter((event) => event.seq > seq).slice(0, 2);
  const known = new KnownRuns({ ackedSeq: 3, readAfter }, 4);
  expect([3, 4, 5, 6].map((seq) => known.has(`old-${seq}`))).toEqual([false, true, true, true]);
  known.add("new-1");
  known.add("new-2");
  expect(["old-4", "old-5", "new-1", "new-2"].map((run) => known.has(run))).toEqual([
    false,
    true,
    true,
    true,
  ]);
});

test("a deadline longer than a timer can hold does not ring at once", () => {
  vi.useFakeTimers();
  const time = { now: 0 };
  const clock = new Clock({ monotonic: () => time.now, wall: () => time.now });
  let rung = 0;
  clock.after(2 ** 32, () => (rung += 1));
  vi.advanceTimersByTime(60_000);
  expect(rung).toBe(0);
});

test("the journal keeps few large results in memory and reads the others back; acknowledged ends survive", () => {
  const folder = mkdtempSync(join(tmpdir(), "bt-"));
  try {
    const journal = new Journal(folder, { boot: "b", now: () => 1 });
    const facts = { code: 0, signal: null, oom: false, cause: "self", survivors: 0 } as const;
    const result = "x".repeat(262_142);
    for (let n = 1; n <= 40; n += 1) {
      const name = { run: `r${n}`, agent: "a", replica: 0, durationMs: 1 };
      journal.append({ kind: "exited", ...name, ...facts, result });
    }
    expect(journal.recent().length).toBeLessThan(20);
    const seen: number[] = [];
    for (let after = 0; ; after = seen.at(-1) ?? 0) {
      const events = journal.readAfter(after);
      if (events.length === 0) break;
      seen.push(...events.map(({ seq }) => seq));
    }
    expect(seen).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
    journal.acknowledge(40);
    journal.close();
    const again = new Journal(folder, { boot: "c", now: () => 2 });
    expect([again.ackedSeq, again.lastSeq]).toEqual([40, 40]);
    expect(readFileSync(join(folder, "acked"), "utf8")).toBe("40");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
