/** Backoff with jitter and bounded retries. */
import { expect, test } from "vitest";
import { BerthError } from "../../../src/base/errors.ts";
import type { ErrorKind } from "../../../src/base/errors.ts";
import { delayMs, retryTransient } from "../../../src/guard/retry.ts";

const POLICY = { firstMs: 100, maxMs: 1_000, attempts: 4 };
const error = (kind: ErrorKind): BerthError =>
  new BerthError(kind, { code: `store.${kind}`, detail: kind });

test("delays double up to the maximum, with at most half taken off", () => {
  expect([0, 1, 2, 3, 9].map((n) => delayMs(POLICY, n, () => 1))).toEqual([
    100, 200, 400, 800, 1_000,
  ]);
  expect([0, 1, 2, 3, 9].map((n) => delayMs(POLICY, n, () => 0))).toEqual([50, 100, 200, 400, 500]);
  expect(delayMs(POLICY, 5_000, () => 1)).toBe(1_000);
});

test("repeats transient failures until it succeeds", async () => {
  const result = await retryTransient(
    { ...POLICY, firstMs: 1, maxMs: 2, chance: () => 0 },
    (attempt) => (attempt < 3 ? Promise.reject(error("transient")) : Promise.resolve(attempt)),
  );
  expect(result).toBe(3);
});

test("gives up after the last attempt", async () => {
  let calls = 0;
  const work = (): Promise<never> => {
    calls += 1;
    return Promise.reject(error("transient"));
  };
  await expect(
    retryTransient({ ...POLICY, firstMs: 1, maxMs: 1, chance: () => 0 }, work),
  ).rejects.toThrow("transient");
  expect(calls).toBe(4);
});

test("throws any other error at once", async () => {
  let calls = 0;
  const work = (): Promise<never> => {
    calls += 1;
    return Promise.reject(error("conflict"));
  };
  await expect(retryTransient({ ...POLICY, chance: () => 0 }, work)).rejects.toThrow("conflict");
  expect(calls).toBe(1);
});

test("an abort ends the waiting", async () => {
  const controller = new AbortController();
  const waiting = retryTransient(
    { ...POLICY, firstMs: 60_000, maxMs: 60_000, chance: () => 0, signal: controller.signal },
    () => Promise.reject(error("transient")),
  );
  controller.abort();
  await expect(waiting).rejects.toThrow("transient");
});
