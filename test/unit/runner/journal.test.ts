/** The journal on disk keeps its promises over crashes, caps and acknowledgements. */
import { appendFileSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Journal } from "../../../src/runner/journal.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bt-journal-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (
  more: Readonly<{ maxBytes?: number; maxFileBytes?: number }> = {},
  at = folder,
): Journal => new Journal(at, { boot: "b", now: () => 1, ...more });
const fill = (journal: Journal, count: number): void => {
  for (let turn = 0; turn < count; turn += 1) journal.append({ kind: "oom", count: 1 });
};
/** Everything after `seq`, as a connection would pump it. */
const all = (journal: Journal, seq: number): readonly number[] => {
  const seqs: number[] = [];
  for (let at = seq; ;) {
    const events = journal.readAfter(at);
    const last = events.at(-1);
    if (last === undefined) return seqs;
    seqs.push(...events.map((event) => event.seq));
    at = last.seq;
  }
};
const upTo = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

test("the sequence goes on over boots, files and acknowledgements, and never restarts", () => {
  const first = open({ maxFileBytes: 500 });
  fill(first, 30);
  first.close();
  const second = open({ maxFileBytes: 500 });
  fill(second, 10);
  expect(all(second, 0)).toEqual(upTo(1, 40));
  second.acknowledge(40);
  second.close();
  const third = open({ maxFileBytes: 500 });
  expect(third.lastSeq).toBe(40);
  fill(third, 1);
  expect(all(third, 40)).toEqual([41]);
});

test("a torn last line is cut off at boot and its number given again", () => {
  const first = open();
  fill(first, 3);
  first.close();
  appendFileSync(join(folder, "000000000001.ndjson"), '{"seq":4,"at"');
  const second = open();
  fill(second, 1);
  expect(all(second, 0)).toEqual([1, 2, 3, 4]);
});

test("a file whose very first line was torn is gone on with", () => {
  const first = open({ maxFileBytes: 100 });
  fill(first, 3);
  first.acknowledge(2);
  first.close();
  appendFileSync(join(folder, "000000000004.ndjson"), '{"seq":4,');
  const second = open({ maxFileBytes: 100 });
  fill(second, 2);
  expect(all(second, 2)).toEqual([3, 4, 5]);
  expect(second.full()).toBe(false);
});

test("only files whose every event is acknowledged are deleted", () => {
  const journal = open({ maxFileBytes: 500 });
  fill(journal, 40);
  const before = readdirSync(folder).length;
  journal.acknowledge(20);
  expect(readdirSync(folder).length).toBeLessThan(before);
  expect(all(journal, 20)).toEqual(upTo(21, 40));
  expect(journal.ackedSeq).toBe(20);
});

test("at its cap it is full, takes events all the same, and is relieved by an acknowledgement", () => {
  const journal = open({ maxBytes: 2_000, maxFileBytes: 500 });
  expect(journal.full()).toBe(false);
  fill(journal, 60);
  expect(journal.full()).toBe(true);
  expect(all(journal, 0)).toEqual(upTo(1, 60));
  journal.acknowledge(60);
  expect(journal.full()).toBe(false);
});

test("a reader far behind is served from the files, as far back as anything is kept", () => {
  const journal = open({ maxFileBytes: 5_000 });
  fill(journal, 1_000);
  for (const from of [0, 1, 499, 743, 744, 745, 999, 1_000])
    expect(all(journal, from)).toEqual(upTo(from + 1, 1_000));
});

test("a daemon ahead of us is followed: this boot's events are told again behind its last number", () => {
  const first = open();
  fill(first, 5);
  first.close();
  const second = open();
  second.append({ kind: "boot", epoch: 1, configHash: null });
  second.append({ kind: "oom", count: 9 });
  second.skipTo(100);
  expect(second.readAfter(100)).toMatchObject([
    { seq: 101, kind: "boot" },
    { seq: 102, kind: "oom", count: 9 },
  ]);
  second.skipTo(50);
  fill(second, 1);
  expect(all(second, 100)).toEqual([101, 102, 103]);
  second.close();
  expect(open().lastSeq).toBe(103);
});

test("any mixture of appends, acknowledgements and restarts loses and repeats nothing", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("append" as const), count: fc.integer({ min: 1, max: 40 }) }),
    fc.record({ kind: fc.constant("ack" as const), count: fc.integer({ min: 1, max: 40 }) }),
    fc.record({ kind: fc.constant("boot" as const), count: fc.constant(0) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const own = mkdtempSync(join(folder, "p-"));
      let journal = open({ maxFileBytes: 700 }, own);
      let [last, acked] = [0, 0];
      for (const { kind, count } of steps) {
        if (kind === "append") fill(journal, count);
        if (kind === "append") last += count;
        if (kind === "ack") acked = Math.min(last, acked + count);
        if (kind === "ack") journal.acknowledge(acked);
        if (kind === "boot") journal.close();
        if (kind === "boot") journal = open({ maxFileBytes: 700 }, own);
        expect(journal.lastSeq).toBe(last);
        expect(all(journal, acked)).toEqual(upTo(acked + 1, last));
      }
      journal.close();
    }),
    { numRuns: 30 },
  );
});
