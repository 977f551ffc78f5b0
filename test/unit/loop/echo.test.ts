/** Looks at what runners tell: at once on a quiet engine, together on a busy one, and never late for long. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createSlots } from "../../../src/base/slots.ts";
import { triggerEcho } from "../../../src/loop/echo.ts";
import type { Session } from "../../../src/loop/session.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

function aSession() {
  const slots = createSlots(2);
  const ending = new AbortController();
  const triggered: (readonly [string, string, number | undefined])[] = [];
  const session = {
    slots,
    signal: ending.signal,
    trigger: (...asked: [string, string, number?]) =>
      triggered.push([asked[0], asked[1], asked[2]]),
  };
  const begin = (): (() => Promise<void>) => {
    const work = Promise.withResolvers<void>();
    const done = slots.use(() => work.promise, { line: 0 });
    return async () => {
      work.resolve();
      await done;
      await vi.advanceTimersByTimeAsync(0);
    };
  };
  // What triggers asks no more of a session.
  return { session: session as unknown as Session, triggered, ending, begin };
}

test("on a quiet engine each is looked at when it asks", () => {
  const { session, triggered } = aSession();
  triggerEcho({ project: "web", reason: "verify" }, session);
  triggerEcho({ project: "api", reason: "runner connected", delayMs: 50 }, session);
  expect(triggered).toEqual([
    ["web", "verify", 0],
    ["api", "runner connected", 50],
  ]);
});

test("on a busy one those of a fifth of a second are looked at together", async () => {
  const { session, triggered, begin } = aSession();
  begin();
  triggerEcho({ project: "web", reason: "verify" }, session);
  await vi.advanceTimersByTimeAsync(150);
  triggerEcho({ project: "api", reason: "runner connected", delayMs: 50 }, session);
  triggerEcho({ project: "web", reason: "runner report" }, session);
  expect(triggered).toEqual([]);
  await vi.advanceTimersByTimeAsync(50);
  expect(triggered.map(([project]) => project)).toEqual(["web", "api"]);
  triggerEcho({ project: "web", reason: "verify" }, session);
  await vi.advanceTimersByTimeAsync(200);
  expect(triggered).toHaveLength(3);
});

test("none waits for longer than the engine works", async () => {
  const { session, triggered, begin } = aSession();
  const ends = [begin(), begin()];
  triggerEcho({ project: "web", reason: "verify" }, session);
  await ends[0]?.();
  expect(triggered).toEqual([]);
  await ends[1]?.();
  expect(triggered.map(([project]) => project)).toEqual(["web"]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(triggered).toHaveLength(1);
});

test("a session that is over looks at nothing", async () => {
  const { session, triggered, begin, ending } = aSession();
  begin();
  triggerEcho({ project: "web", reason: "verify" }, session);
  ending.abort();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(triggered).toEqual([]);
});
