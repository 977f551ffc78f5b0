/** Slots: bounded, in order, abortable. */
import { expect, test } from "vitest";
import { createSlots } from "../../../src/base/slots.ts";

const NOBODY = { line: 0 };

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
      }, NOBODY),
    ),
  );
  expect(order).toEqual([1, 2, 3, 4, 5]);
});

test("an aborted wait gives up its place, and the slot is not lost", async () => {
  const slots = createSlots(1);
  const gate = Promise.withResolvers<void>();
  const first = slots.use(() => gate.promise, NOBODY);
  const stop = new AbortController();
  const second = slots.use(async () => "never", { ...NOBODY, signal: stop.signal });
  stop.abort(new Error("enough"));
  await expect(second).rejects.toThrow("enough");
  gate.resolve();
  await first;
  expect(await slots.use(async () => "free", NOBODY)).toBe("free");
});

test("a failing holder gives its slot back", async () => {
  const slots = createSlots(1);
  await expect(slots.use(() => Promise.reject(new Error("no")), NOBODY)).rejects.toThrow("no");
  expect(await slots.use(async () => 1, NOBODY)).toBe(1);
});

test("what began first is finished first, whatever has waited longer", async () => {
  const slots = createSlots(1);
  const [first, second] = [{ line: slots.line() }, { line: slots.line() }];
  const order: string[] = [];
  const part = (name: string, place: Readonly<{ line: number }>): Promise<number> =>
    slots.use(async () => order.push(name), place);
  const gate = Promise.withResolvers<void>();
  const holder = slots.use(() => gate.promise, first);
  const waiting = [part("b1", second), part("b2", second), part("a1", first), part("a2", first)];
  gate.resolve();
  await Promise.all([holder, ...waiting]);
  expect(order).toEqual(["a1", "a2", "b1", "b2"]);
});
