/** Looks that come together: one timer for all of them, and none for nobody. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { everyTurn } from "../../../src/runners/turns.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("all looks of one time are taken by one timer, each until it is ended", () => {
  const seen: string[] = [];
  const ends = ["a", "b"].map((name) => everyTurn(100, () => void seen.push(name)));
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(100);
  ends[0]?.();
  vi.advanceTimersByTime(100);
  expect(seen).toEqual(["a", "b", "b"]);
  ends[1]?.();
  expect(vi.getTimerCount()).toBe(0);
  vi.advanceTimersByTime(1_000);
  expect(seen).toHaveLength(3);
});

test("one that begins after all have ended has a timer again, and an end counts once", () => {
  const first = everyTurn(100, () => undefined);
  first();
  let count = 0;
  const second = everyTurn(100, () => {
    count += 1;
  });
  first();
  vi.advanceTimersByTime(250);
  expect(count).toBe(2);
  second();
  expect(vi.getTimerCount()).toBe(0);
});
