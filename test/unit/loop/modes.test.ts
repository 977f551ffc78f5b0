/** Modes: entered and left once, with the time they began. */
import { expect, test } from "vitest";
import { createModes } from "../../../src/loop/modes.ts";

test("entering tells once, refreshing keeps the beginning, leaving tells once", () => {
  let now = 100;
  const told: string[] = [];
  const modes = createModes(
    () => now,
    (mode, entered) => void told.push(`${entered ? "+" : "-"}${mode.name}`),
  );
  modes.set("redis-gone", true, "no answer");
  now = 200;
  modes.set("redis-gone", true, "still no answer");
  expect(modes.list()).toEqual([{ name: "redis-gone", since: 100, detail: "still no answer" }]);
  modes.set("redis-gone", false, "answers");
  modes.set("redis-gone", false, "answers");
  expect(told).toEqual(["+redis-gone", "-redis-gone"]);
  expect(modes.holds("redis-gone")).toBe(false);
});
