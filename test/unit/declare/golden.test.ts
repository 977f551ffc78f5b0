/** What an operator reads: each case of `golden/problems.txt` is an input, a line of dashes, and exactly what is printed. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseBundle } from "../../../src/declare/parse.ts";
import { renderProblems } from "../../../src/declare/render.ts";
import { bundleOf } from "./declared.ts";

const FILE = new URL("./golden/problems.txt", import.meta.url);
const NOW = readFileSync(FILE, "utf8");

/** `=== name`, the file's text, `---`, the output. */
const cases = NOW.split(/^=== /m)
  .slice(1)
  .map((block) => {
    const [head = "", ...rest] = block.split("\n");
    const [input = "", output = ""] = rest.join("\n").split(/^--->\n/m);
    return { name: head, input, output: output.trimEnd() };
  });

test("there are cases", () => {
  expect(cases.length).toBeGreaterThanOrEqual(30);
});

test.each(cases)("$name", ({ name, input, output }) => {
  const file = name.startsWith("host:") ? "berth.yaml" : "web.yaml";
  const files = { [file]: input };
  const parsed = parseBundle(bundleOf(files), { environment: { SET: "1", EMPTY: "" } });
  expect(parsed.ok ? "accepted" : renderProblems(parsed.problems, files)).toBe(output);
});
