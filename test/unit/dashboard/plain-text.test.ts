/** What agents print is shown harmless: no escape sequence, no control character, nothing that runs backwards. */
import { assert, constantFrom, property, string } from "fast-check";
import { expect, test } from "vitest";
import { plainLines, plainText } from "../../../src/dashboard/plain-text.ts";

test("colours, titles and links of terminals leave only their text", () => {
  expect(plainText("\u001b[1;31mred\u001b[0m and \u001b[38;2;1;2;3mmore\u001b[K")).toBe(
    "red and more",
  );
  expect(plainText("\u001b]0;title\u0007text")).toBe("text");
  expect(plainText("\u001b]8;;https://example.org\u001b\\link\u001b]8;;\u001b\\")).toBe("link");
  expect(plainText("\u001b(Bplain\u001b7")).toBe("plain");
});

test("control characters are shown as their pictures, a tab stays", () => {
  expect(plainText("a\tb\u0007c\u0000d\u007fe\u009bf\r")).toBe("a\tb␇c␀d␡e⟨U+009B⟩f␍");
});

test("text cannot be made to run backwards or to hide", () => {
  expect(plainText("exe.\u202efdp\u2066x")).toBe("exe.⟨U+202E⟩fdp⟨U+2066⟩x");
});

test("markup stays the text it is", () => {
  expect(plainText("<b>&amp;</b>")).toBe("<b>&amp;</b>");
});

test("nothing of the kind is left in any text, and harmless text is not touched", () => {
  const hidden = /[^\P{Cc}\t]|[\u202a-\u202e\u2066-\u2069]/u;
  const unit = constantFrom(
    "\u001b",
    "[",
    "]",
    "3",
    "m",
    "\u0007",
    "\\",
    "\u009b",
    "\u202e",
    "\t",
    "x",
    "\n",
  );
  assert(property(string({ unit }), (text) => !hidden.test(plainText(text))));
  assert(property(string(), (text) => plainText(text) === text));
});

test("of several lines the line ends stay", () => {
  expect(plainLines("a\n\u001b[1mb\n")).toBe("a\nb\n");
});
