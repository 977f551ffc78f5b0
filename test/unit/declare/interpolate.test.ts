/** Variables: every form, what a lone dollar means, and that no value can become structure. */
import { expect, test } from "vitest";
import { interpolate } from "../../../src/declare/interpolate.ts";
import { interpolateBundle, interpolateText } from "../../../src/declare/interpolate-text.ts";
import { parseBundle } from "../../../src/declare/parse.ts";
import { bundleOf } from "./declared.ts";

const environment = { SET: "s", EMPTY: "" };

test.each([
  ["${SET}", "s"],
  ["a${SET}b${SET}", "asbs"],
  ["${SET:-d}", "s"],
  ["${EMPTY:-d}", "d"],
  ["${EMPTY-d}", ""],
  ["${NONE:-d}", "d"],
  ["${NONE-d}", "d"],
  ["${NONE:-}", ""],
  ["${NONE:-a b: c}", "a b: c"],
  ["${NONE:-${SET}}", "s"],
  ["${NONE:-a${EMPTY:-b}c${SET}}d", "abcsd"],
  ["${SET:-${NONE}}", "s"],
  ["${NONE:-$$HOME}", "$HOME"],
  ["${SET:?needed}", "s"],
  ["${EMPTY?needed}", ""],
  ["$${SET}", "${SET}"],
  ["$$$$", "$$"],
  ["$HOME and $(date) and 5$", "$HOME and $(date) and 5$"],
])("%s becomes %j", (text, expected) => {
  expect(interpolate(text, environment)).toEqual({ ok: true, text: expected });
});

test.each([
  ["${NONE}", "NONE is not set"],
  ["${NONE:?say which}", "NONE say which"],
  ["${EMPTY:?}", "EMPTY must be set"],
  ["${NONE:-${OTHER}}", "OTHER is not set"],
  ["${NONE:-${SET}", "cannot read ${NONE:-${SET}"],
  ["${}", "cannot read ${}"],
  ["${1A}", "cannot read ${1A}"],
  ["${SET", "cannot read ${SET"],
  ["${toString}", "toString is not set"],
])("%s is refused: %s", (text, message) => {
  expect(interpolate(text, environment)).toMatchObject({ ok: false, unreplaced: [{ message }] });
});

test("values are replaced, comments and keys are not", () => {
  const text = "# ${NONE}\n${SET}: ${SET} # ${NONE}\nn: ${N:-5}\nt: ${T:-true}\n";
  expect(interpolateText("f", text, environment)).toEqual({
    ok: true,
    text: '# ${NONE}\n${SET}: "s" # ${NONE}\nn: 5\nt: true\n',
  });
});

test("a variable in quotes is what is wanted where it stands, read here as by the daemon; a literal in quotes is a text", () => {
  const variables = { CPUS: "0.5", RO: "false", REF: "1.10", NUMBER: "7", LOTS: "lots" };
  const file = (cpus: string) =>
    bundleOf({
      "web.yaml": `name: web
image: i
priority: "\${NUMBER}"
weight: '\${NONE:-\${NUMBER}}'
limits: { cpus: ${cpus} }
security: { read_only_root: "\${RO}" }
workspace: { git: "https://h/r", ref: "\${REF}" }
environment: { A: "\${NUMBER}", B: "\${RO}" }
`,
    });
  const sent = interpolateBundle(file('"${CPUS}"'), variables);
  for (const parsed of [
    parseBundle(file('"${CPUS}"'), { environment: variables }),
    sent.ok ? parseBundle(sent.bundle) : null,
  ])
    expect(parsed?.ok && parsed.declaration.projects["web"]).toMatchObject({
      priority: 7,
      weight: 7,
      limits: { cpus: 0.5 },
      security: { readOnlyRoot: false },
      workspace: { ref: "1.10" },
      environment: { A: "7", B: "false" },
    });
  for (const wrong of ['"0.5"', '"${LOTS}"', '"${CPUS}0"', '"${NONE:-}"'])
    expect([wrong, parseBundle(file(wrong), { environment: variables })]).toMatchObject([
      wrong,
      { ok: false, problems: [{ message: "limits.cpus must be a number, not a text" }] },
    ]);
});

test("a value that looks like YAML stays one text", () => {
  const hostile = { V: "x\nlimits: { memory: 1TiB } # '\"" };
  const text =
    "name: web\nimage: i\nenvironment:\n  A: ${V}\n  B: '${V}'\n  C: \"${V}\"\n  D: |\n    ${V}\n  E: last\n";
  const sent = interpolateBundle(bundleOf({ "web.yaml": text }), hostile);
  const parsed = sent.ok ? parseBundle(sent.bundle) : null;
  expect(parsed?.ok && parsed.declaration.projects["web"]?.environment).toEqual({
    A: hostile.V,
    B: hostile.V,
    C: hostile.V,
    D: `${hostile.V}\n`,
    E: "last",
  });
});

test("every line keeps its number, also after a block", () => {
  const text = "a: |- # note | here\n  ${SET}\n  two\n\nb: ${SET}\n   more\nc: here\n";
  const sent = interpolateText("f", text, environment);
  expect(sent.ok && sent.text.split("\n").indexOf("c: here")).toBe(6);
});

test("every reference of one text is told", () => {
  const sent = interpolateText(
    "f",
    'a: |\n  ${ONE} ${SET}\n  ${ONE} ${TWO}\nb: "\\x24{ONE}"\n',
    environment,
  );
  expect(
    sent.ok ? [] : sent.problems.map(({ line, column, message }) => `${line}:${column} ${message}`),
  ).toEqual([
    "2:3 ONE is not set",
    "3:3 ONE is not set",
    "3:10 TWO is not set",
    "4:4 ONE is not set",
  ]);
});

test("every reference without a value is told at its place", () => {
  const sent = interpolateBundle(
    bundleOf({ "b.yaml": "x: ${ONE}\n", "a.yaml": "y:\n  - [z, '${TWO:?why}']\n" }),
    {},
  );
  expect(
    sent.ok
      ? []
      : sent.problems.map(({ file, line, column, length }) => [file, line, column, length]),
  ).toEqual([
    ["a.yaml", 2, 10, 11],
    ["b.yaml", 1, 4, 6],
  ]);
});

test("an empty variable is an empty text, not nothing", () => {
  const text = 'name: web\nimage: i\nenvironment: { A: "${EMPTY}" }\nlabels:\n  b: ${EMPTY}\n';
  const direct = parseBundle(bundleOf({ "web.yaml": text }), { environment });
  expect(direct.ok && direct.declaration.projects["web"]).toMatchObject({
    environment: { A: "" },
    labels: { b: "" },
  });
});
