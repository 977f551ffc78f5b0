/** Relist: one look serves everybody, but never one that began before it was asked for. */
import { expect, test } from "vitest";
import type { EngineSnapshot } from "../../../src/model/observed.ts";
import { createRelist } from "../../../src/observe/relist.ts";

const snapshot = (at: number): EngineSnapshot => ({
  at,
  containers: [],
  networks: [],
  volumes: [],
});

test("callers that come during a look share the next one", async () => {
  let looks = 0;
  const gates: PromiseWithResolvers<void>[] = [];
  const relist = createRelist(async () => {
    looks += 1;
    const at = looks;
    const gate = Promise.withResolvers<void>();
    gates.push(gate);
    await gate.promise;
    return snapshot(at);
  });
  const first = relist.fresh();
  const late = [relist.fresh(), relist.fresh(), relist.fresh()];
  gates[0]?.resolve();
  expect((await first).at).toBe(1);
  await expect.poll(() => gates.length).toBe(2);
  gates[1]?.resolve();
  expect((await Promise.all(late)).map(({ at }) => at)).toEqual([2, 2, 2]);
  expect(looks).toBe(2);
  expect(relist.latest()?.at).toBe(2);
});

test("a look that fails fails its callers only", async () => {
  let looks = 0;
  const relist = createRelist(async () => {
    looks += 1;
    if (looks === 1) throw new Error("engine gone");
    return snapshot(looks);
  });
  await expect(relist.fresh()).rejects.toThrow("engine gone");
  expect((await relist.fresh()).at).toBe(2);
});

test("a look that began after the mark serves at once, done or under way; an older one never", async () => {
  let looks = 0;
  let gate = Promise.withResolvers<void>();
  const relist = createRelist(async () => {
    const at = ++looks;
    await gate.promise;
    return snapshot(at);
  });
  const before = relist.mark();
  const first = relist.since(before);
  const during = relist.mark();
  const [joined, later] = [relist.since(before), relist.since(during)];
  expect(looks).toBe(1);
  gate.resolve();
  expect((await Promise.all([first, joined, later])).map(({ at }) => at)).toEqual([1, 1, 2]);

  gate = Promise.withResolvers();
  expect((await relist.since(during)).at).toBe(2);
  expect(looks).toBe(2);
  const after = relist.since(relist.mark());
  expect(looks).toBe(3);
  gate.resolve();
  expect((await after).at).toBe(3);
});
