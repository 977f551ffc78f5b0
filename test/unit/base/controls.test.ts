/** Control characters of others' words. */
import { expect, test } from "vitest";
import { tamed, withoutControls } from "../../../src/base/controls.ts";

test("a run of control characters is one space, of either range, and printable text stays", () => {
  expect(withoutControls("a\u001B\u0007b\u009Bc é 漢")).toBe("a b c é 漢");
});

test("of a run only what is kept is left", () => {
  expect(withoutControls("one\r\n\ttwo\u001B[2Jthree", "\n")).toBe("one\ntwo [2Jthree");
  expect(withoutControls("one\r\n\ttwo", "\n\t")).toBe("one\n\ttwo");
});

test("a tamed line keeps tabs and colours, which end with it, and shows every other control character", () => {
  expect(tamed("plain\tü")).toBe("plain\tü");
  expect(tamed("line of DOS\r")).toBe("line of DOS");
  expect(tamed("\u001B[1;31mred\u001B[38:2::9:9:9m")).toBe(
    "\u001B[1;31mred\u001B[38:2::9:9:9m\u001B[0m",
  );
  expect(tamed("\u001B]0;title\u0007 10%\r20% \u001B[2J \u009B2J \u001B[1m\u007F")).toBe(
    "\uFFFD]0;title\uFFFD 10%\uFFFD20% \uFFFD[2J \uFFFD2J \u001B[1m\uFFFD\u001B[0m",
  );
});
