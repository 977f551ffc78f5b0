/** The journal's memory: bounded by count and by size, and honest about how far back it reaches. */
import { expect, test } from "vitest";
import { RECENT_BYTES, RECENT_COUNT, RecentEvents } from "../../../src/runner/recent-events.ts";

function filled(count: number, bytes: number): RecentEvents {
  const recent = new RecentEvents();
  for (let seq = 1; seq <= count; seq += 1)
    recent.add({ seq, at: 0, boot: "b", kind: "oom", count: 1 }, bytes);
  return recent;
}
const seqs = (recent: RecentEvents, after: number): readonly number[] =>
  recent.after(after).map(({ seq }) => seq);

test("the newest are kept, by count or by size, whichever is reached first", () => {
  expect(filled(RECENT_COUNT + 10, 1).all()).toHaveLength(RECENT_COUNT);
  expect(seqs(filled(10, RECENT_BYTES / 3), 0)).toEqual([8, 9, 10]);
  expect(filled(1, RECENT_BYTES + 1).all()).toEqual([]);
});

test("it reaches back to the event before its oldest, and no further", () => {
  const recent = filled(10, RECENT_BYTES / 3);
  expect([6, 7, 8].map((seq) => recent.reaches(seq))).toEqual([false, true, true]);
  expect(seqs(recent, 8)).toEqual([9, 10]);
  expect(seqs(recent, 10)).toEqual([]);
});

test("cleared, it reaches nowhere and has room again", () => {
  const recent = filled(3, RECENT_BYTES / 3);
  recent.clear();
  expect(recent.reaches(0)).toBe(false);
  recent.add({ seq: 9, at: 0, boot: "b", kind: "oom", count: 1 }, RECENT_BYTES);
  expect(seqs(recent, 0)).toEqual([9]);
});
