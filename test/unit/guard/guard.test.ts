/** The breaker: it opens on transient failures only, fails at once while open, and closes by itself after a good probe. */
import { afterEach, expect, test, vi } from "vitest";
import { BerthError } from "../../../src/base/errors.ts";
import type { ErrorKind } from "../../../src/base/errors.ts";
import { breakerStates, openGuard } from "../../../src/guard/guard.ts";
import type { Guard, GuardOptions } from "../../../src/guard/guard.ts";

const opened: Guard[] = [];
const FAST: GuardOptions = { failureThreshold: 3, windowMs: 1_000, retryAfterMs: 20 };

function guardFor(options: GuardOptions = FAST): Guard {
  const guard = openGuard("store", options);
  opened.push(guard);
  return guard;
}

afterEach(() => {
  vi.useRealTimers();
  for (const guard of opened.splice(0)) guard.close();
});

const failing = (kind: ErrorKind) => () =>
  Promise.reject(new BerthError(kind, { code: `store.${kind}`, detail: kind }));

async function codeOf(call: Promise<unknown>): Promise<string> {
  const thrown: unknown = await call.then(
    () => "no error",
    (error: unknown) => error,
  );
  return thrown instanceof BerthError ? `${thrown.kind} ${thrown.code}` : String(thrown);
}

async function fail(guard: Guard, kind: ErrorKind, times: number): Promise<void> {
  for (let n = 0; n < times; n += 1) await codeOf(guard.call("read", 100, failing(kind)));
}

test("passes the result through, undefined included", async () => {
  const guard = guardFor();
  expect(await guard.call("read", 100, () => Promise.resolve(7))).toBe(7);
  expect(await guard.call("read", 100, () => Promise.resolve(undefined))).toBeUndefined();
});

test("opens after too many transient failures and then fails without calling", async () => {
  const guard = guardFor();
  await fail(guard, "transient", 3);
  const work = vi.fn<() => Promise<number>>(() => Promise.resolve(1));
  expect(await codeOf(guard.call("read", 100, work))).toBe("transient store.breaker-open");
  expect(work).not.toHaveBeenCalled();
  expect(guard.state()).toBe("open");
});

test.each(["conflict", "rejected", "capacity", "usage"] as const)(
  "a %s is an answer, not a failure",
  async (kind) => {
    const guard = guardFor();
    await fail(guard, kind, 10);
    expect(guard.state()).toBe("closed");
    expect(await codeOf(guard.call("read", 100, failing(kind)))).toBe(`${kind} store.${kind}`);
  },
);

test("a good probe closes it again, a bad one opens it", async () => {
  const guard = guardFor();
  const seen: string[] = [];
  guard.onState((state) => seen.push(state));
  await fail(guard, "transient", 3);
  await expect.poll(() => guard.state()).toBe("half-open");
  expect(await codeOf(guard.call("read", 100, failing("transient")))).toBe(
    "transient store.transient",
  );
  expect(guard.state()).toBe("open");
  await expect.poll(() => guard.state()).toBe("half-open");
  expect(await guard.call("read", 100, () => Promise.resolve("well"))).toBe("well");
  expect(guard.state()).toBe("closed");
  expect(seen).toEqual(["open", "half-open", "open", "half-open", "closed"]);
});

test("only one probe goes through while half-open", async () => {
  const guard = guardFor();
  await fail(guard, "transient", 3);
  await expect.poll(() => guard.state()).toBe("half-open");
  const gate = Promise.withResolvers<void>();
  const probe = guard.call("read", 500, () => gate.promise);
  expect(await codeOf(guard.call("read", 100, () => Promise.resolve()))).toBe(
    "transient store.breaker-open",
  );
  gate.resolve();
  await probe;
  expect(guard.state()).toBe("closed");
});

test("a deadline passed is a transient failure, aborts the work and counts", async () => {
  const guard = guardFor();
  const signals: AbortSignal[] = [];
  const hang = (signal: AbortSignal): Promise<never> => {
    signals.push(signal);
    return new Promise(() => undefined);
  };
  for (let n = 0; n < 3; n += 1)
    expect(await codeOf(guard.call("read", 5, hang))).toBe("transient store.timeout");
  expect(signals.every((signal) => signal.aborted)).toBe(true);
  expect(guard.state()).toBe("open");
});

test("breakerStates names every open guard and forgets the closed ones", async () => {
  const guard = guardFor();
  expect(breakerStates()["store"]).toBe("closed");
  await fail(guard, "transient", 3);
  expect(breakerStates()["store"]).toBe("open");
  guard.close();
  expect(breakerStates()["store"]).toBeUndefined();
});

test("failures from before the window do not count, however long nobody called", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  const guard = guardFor();
  await fail(guard, "transient", 2);
  vi.advanceTimersByTime(1_100);
  await fail(guard, "transient", 2);
  expect(guard.state()).toBe("closed");
  vi.advanceTimersByTime(800);
  await fail(guard, "transient", 1);
  expect(guard.state()).toBe("open");
});

test("a call that took as long as the window fails beside none from before it", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  const guard = guardFor();
  await fail(guard, "transient", 2);
  const slow = (): Promise<never> => {
    vi.advanceTimersByTime(1_100);
    return failing("transient")();
  };
  await codeOf(guard.call("read", 100, slow));
  expect(guard.state()).toBe("closed");
});

test("a guard nobody calls wakes nobody", () => {
  vi.useFakeTimers();
  guardFor();
  expect(vi.getTimerCount()).toBe(0);
});
