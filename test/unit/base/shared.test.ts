/** Sharing: one question at a time for each key. */
import { expect, test } from "vitest";
import { sharedByKey } from "../../../src/base/shared.ts";

test("who asks for the same meanwhile gets the same answer; who asks later, or for another, asks anew", async () => {
  const asked: string[] = [];
  const shared = sharedByKey(async (key) => {
    asked.push(key);
    await Promise.resolve();
    return asked.length;
  });
  const [first, second, other] = await Promise.all([shared("a"), shared("a"), shared("b")]);
  expect(asked).toEqual(["a", "b"]);
  expect(second).toBe(first);
  expect(other).toBe(2);
  expect(await shared("a")).toBe(3);
});

test("a failure is everybody's who waited, and the next one asks again", async () => {
  let tries = 0;
  const shared = sharedByKey(async () => {
    tries += 1;
    throw new Error(`try ${tries}`);
  });
  const both = await Promise.allSettled([shared("a"), shared("a")]);
  expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  await expect(shared("a")).rejects.toThrow("try 2");
});
