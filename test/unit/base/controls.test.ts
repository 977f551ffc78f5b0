/** Control characters of others' words. */
import { expect, test } from "vitest";
import { withoutControls } from "../../../src/base/controls.ts";

test("a run of control characters is one space, of either range, and printable text stays", () => {
  expect(withoutControls("a\u001B\u0007b\u009Bc é 漢")).toBe("a b c é 漢");
});

test("of a run only what is kept is left", () => {
  expect(withoutControls("one\r\n\ttwo\u001B[2Jthree", "\n")).toBe("one\ntwo [2Jthree");
  expect(withoutControls("one\r\n\ttwo", "\n\t")).toBe("one\n\ttwo");
});
