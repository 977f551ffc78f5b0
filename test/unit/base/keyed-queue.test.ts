/** The keyed queue: never twice at once for one key, no trigger lost. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createKeyedQueue } from "../../../src/base/keyed-queue.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("a key never runs twice at once, and a trigger during a run leads to one more run", async () => {
  let running = 0;
  const seen: string[][] = [];
  const gate = Promise.withResolvers<void>();
  const queue = createKeyedQueue({
    concurrency: 4,
    async run(_key, reasons) {
      running += 1;
      expect(running).toBe(1);
      seen.push([...reasons]);
      if (seen.length === 1) await gate.promise;
      running -= 1;
    },
  });
  queue.trigger("a", "first");
  await turn();
  queue.trigger("a", "second");
  queue.trigger("a", "third");
  gate.resolve();
  await queue.idle();
  expect(seen).toEqual([["first"], ["second", "third"]]);
});

test("never more runs at once than allowed, and every key gets its run", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom("a", "b", "c", "d", "e"), { maxLength: 40 }),
      fc.integer({ min: 1, max: 3 }),
      async (keys, concurrency) => {
        let running = 0;
        const ran = new Set<string>();
        const queue = createKeyedQueue({
          concurrency,
          async run(key) {
            running += 1;
            expect(running).toBeLessThanOrEqual(concurrency);
            await turn();
            ran.add(key);
            running -= 1;
          },
        });
        for (const key of keys) queue.trigger(key, "x");
        await queue.idle();
        expect(ran).toEqual(new Set(keys));
      },
    ),
    { numRuns: 50 },
  );
});

test("an earlier due time wins over a later one", async () => {
  const ran: number[] = [];
  const begun = Date.now();
  const queue = createKeyedQueue({
    concurrency: 1,
    run: async () => void ran.push(Date.now() - begun),
  });
  queue.trigger("a", "late", 10_000);
  queue.trigger("a", "soon", 5);
  while (ran.length === 0) await turn();
  expect(ran[0]).toBeLessThan(5_000);
  await queue.close();
});

test("after close nothing runs any more, and close waits for what runs", async () => {
  const gate = Promise.withResolvers<void>();
  let ended = false;
  const queue = createKeyedQueue({
    concurrency: 1,
    async run() {
      await gate.promise;
      ended = true;
    },
  });
  queue.trigger("a", "x");
  await turn();
  const closing = queue.close();
  queue.trigger("b", "x");
  gate.resolve();
  await closing;
  expect(ended).toBe(true);
  expect(queue.size()).toBe(0);
});
