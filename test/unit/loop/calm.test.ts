/** A calm machine: no engine operation for a moment, and nobody waits for ever. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createSlots } from "../../../src/base/slots.ts";
import { createCalm } from "../../../src/loop/calm.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

function machine(waiting = 1) {
  const slots = createSlots(2);
  const ending = new AbortController();
  const seen = { calm: false };
  const calm = createCalm();
  const wait = async (): Promise<void> => {
    await calm({ slots, signal: ending.signal });
    seen.calm = true;
  };
  for (let count = 0; count < waiting; count += 1) void wait();
  /** An engine operation; answers what ends it. */
  const begin = (): (() => Promise<void>) => {
    const work = Promise.withResolvers<void>();
    const done = slots.use(() => work.promise, { line: 0 });
    return () => {
      work.resolve();
      return done;
    };
  };
  return { seen, ending, begin };
}

test("it is calm when the engine was asked nothing for a moment", async () => {
  const { seen, begin } = machine();
  const first = begin();
  const second = begin();
  await vi.advanceTimersByTimeAsync(1_000);
  await first();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(seen.calm).toBe(false);
  await second();
  await vi.advanceTimersByTimeAsync(20);
  // What follows within the moment is part of the same work.
  const third = begin();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(seen.calm).toBe(false);
  await third();
  await vi.advanceTimersByTimeAsync(30);
  expect(seen.calm).toBe(true);
});

test("on a machine that is never calm it is waited for five seconds", async () => {
  const { seen, begin } = machine();
  begin();
  await vi.advanceTimersByTimeAsync(4_999);
  expect(seen.calm).toBe(false);
  await vi.advanceTimersByTimeAsync(31);
  expect(seen.calm).toBe(true);
});

test("a session that ends lets go of who waits", async () => {
  const { seen, begin, ending } = machine();
  begin();
  ending.abort();
  await vi.advanceTimersByTimeAsync(0);
  expect(seen.calm).toBe(true);
});

test("many that wait together wait longer, up to 0.2 s", async () => {
  for (const [waiting, ms] of [
    [3, 50],
    [1_000, 200],
  ] as const) {
    const { seen, begin } = machine(waiting);
    await begin()();
    await vi.advanceTimersByTimeAsync(ms - 1);
    expect(seen.calm).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(seen.calm).toBe(true);
  }
});
