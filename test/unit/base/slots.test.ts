/** Slots: bounded, in order, abortable. */
import { expect, test } from "vitest";
import { createSlots } from "../../../src/base/slots.ts";

test("never more holders than slots, served in order of arrival", async () => {
  const slots = createSlots(2);
  const order: number[] = [];
  let holders = 0;
  await Promise.all(
    [1, 2, 3, 4, 5].map((id) =>
      slots.use(async () => {
        holders += 1;
        expect(holders).toBeLessThanOrEqual(2);
        await new Promise((resolve) => setImmediate(resolve));
        order.push(id);
        holders -= 1;
      }),
    ),
  );
  expect(order).toEqual([1, 2, 3, 4, 5]);
});

test("an aborted wait gives up its place, and the slot is not lost", async () => {
  const slots = createSlots(1);
  const gate = Promise.withResolvers<void>();
  const first = slots.use(() => gate.promise);
  const stop = new AbortController();
  const second = slots.use(async () => "never", stop.signal);
  stop.abort(new Error("enough"));
  await expect(second).rejects.toThrow("enough");
  gate.resolve();
  await first;
  expect(await slots.use(async () => "free")).toBe("free");
});

test("a failing holder gives its slot back", async () => {
  const slots = createSlots(1);
  await expect(slots.use(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await slots.use(async () => 1)).toBe(1);
});
