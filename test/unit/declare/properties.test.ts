/** Whatever text arrives: no throw, every problem inside its file, and rendering always works. */
import * as fc from "fast-check";
import { dump } from "js-yaml";
import { expect, test, vi } from "vitest";
import { interpolateText } from "../../../src/declare/interpolate-text.ts";
import { parseBundle } from "../../../src/declare/parse.ts";
import type { Problem } from "../../../src/declare/problem.ts";
import { renderProblems } from "../../../src/declare/render.ts";
import { makeSource } from "../../../src/declare/source.ts";
import { readTree } from "../../../src/declare/tree.ts";
import type { YamlNode } from "../../../src/declare/node.ts";

/** A busy machine may need longer for hundreds of runs. */
vi.setConfig({ testTimeout: 20_000 });

/** Pieces of YAML and of our own words, glued at random: far more of it gets past the parser than of random characters. */
const piece = fc.constantFrom(
  ..."name: web|image: debian|agents:|  bot:|    command: [x]|limits: {|}|[|]|,|\n|\n  |\n    |: |- |&a |*a|<<: *a|!!str |!!int |'|\"|${A}|${A:-b}|${A:?c}|$$|#|# c|\t|\r\n|\u{FEFF}|\0|---|...|? |\\|x-y: 1|extends: base|templates: { base: { image: i } }|projects:|host:|include: [a]|memory: 1GiB|restart: no|é|😀|\u2028".split(
    "|",
  ),
  "|",
  ">-\n  ",
);
const yamlish = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(""));
/** Any code point, as fast-check's own `binary`, which first makes a table of all 1.1 million of them: 1.3 s of CPU. */
const codePoint = fc
  .integer({ min: 0, max: 0x10ffff })
  .map(
    (code) => String.fromCodePoint(code),
    (of) => codeOf(of),
  )
  .filter((character) => character.isWellFormed());
const text = fc.oneof(fc.string({ unit: codePoint, maxLength: 60 }), yamlish);

/** Of one character; of anything else none. */
function codeOf(character: unknown): number {
  const code = typeof character === "string" ? (character.codePointAt(0) ?? 0) : 0;
  if (character !== String.fromCodePoint(code)) throw new Error("not one character");
  return code;
}

function expectInside(problems: readonly Problem[], files: Readonly<Record<string, string>>): void {
  for (const problem of problems) {
    const source = makeSource(problem.file, files[problem.file] ?? "");
    expect(Object.keys(files)).toContain(problem.file);
    expect(problem.line).toBeGreaterThanOrEqual(1);
    expect(problem.line).toBeLessThanOrEqual(source.lineStarts().length);
    const lineEnd =
      (source.lineStarts()[problem.line] ?? source.text.length + 1) -
      (source.lineStarts()[problem.line - 1] ?? 0);
    expect(problem.column).toBeGreaterThanOrEqual(1);
    expect(problem.column).toBeLessThanOrEqual(Math.max(1, lineEnd + 1));
    expect(problem.length).toBeGreaterThanOrEqual(1);
  }
}

test("parsing any text ends in a declaration or in located problems, and the problems can be printed", () => {
  fc.assert(
    fc.property(text, text, fc.boolean(), (entry, other, overlaid) => {
      const files = { "berth.yaml": entry, "other.yaml": other };
      const bundle = {
        entry: "berth.yaml",
        files,
        base: "/srv",
        overlays: overlaid ? ["other.yaml"] : [],
      };
      const parsed = parseBundle(bundle, { environment: { A: "a: b" } });
      if (parsed.ok) return;
      expect(parsed.problems.length).toBeGreaterThan(0);
      expectInside(parsed.problems, files);
      expect(renderProblems(parsed.problems, files)).toContain("error: ");
    }),
    { numRuns: 150 },
  );
});

/** Every key a project has, with values good and bad. */
const anything = fc.oneof(
  fc.constantFrom(
    "1GiB",
    "10s",
    "high",
    "none",
    "open",
    "always",
    "web",
    "x",
    "",
    "/a",
    "1000:1000",
  ),
  fc.integer({ min: -1, max: 2000 }),
  fc.boolean(),
  fc.constant(null),
  fc.array(fc.constantFrom("a", "OK", "/tmp"), { maxLength: 3 }),
  fc.constant({ policy: "always", backoff: "1s" }),
);
const record = (keys: readonly string[]) =>
  fc.dictionary(fc.constantFrom(...keys), anything, { maxKeys: 5 });
const agents = fc.dictionary(
  fc.constantFrom("bot", "coder", "x"),
  record([
    "command",
    "restart",
    "health",
    "user",
    "cwd",
    "replicas",
    "environment",
    "stop_grace_period",
    "oops",
  ]),
  { maxKeys: 2 },
);
const projectLike = fc.record(
  {
    name: fc.constantFrom("web", "api", "W"),
    image: anything,
    extends: fc.constantFrom("base", "none"),
    limits: record(["cpus", "memory", "pids", "agents", "shm", "nofile"]),
    workspace: record(["volume", "path", "git", "ref"]),
    priority: anything,
    weight: anything,
    labels: record(["a", "berth.x"]),
    tmpfs: anything,
    secrets: anything,
    network: record(["egress"]),
    agents,
  },
  { requiredKeys: ["name"] },
);

test("project-like values are accepted or refused at places inside their file", () => {
  fc.assert(
    fc.property(projectLike, fc.constantFrom(-1, 0, 2), (value, flowLevel) => {
      const files = { "web.yaml": dump(value, { flowLevel }) };
      const parsed = parseBundle({ entry: "web.yaml", files, base: "/srv", overlays: [] });
      expectInside(parsed.ok ? [] : parsed.problems, files);
      expect(parsed.ok ? parsed.declaration.projects[value.name]?.image : value.image).toBe(
        value.image,
      );
    }),
    { numRuns: 150 },
  );
});

/** A tree without its places, as far as an interpolated text must agree with it. */
function bare(node: YamlNode): unknown {
  if (node.kind === "scalar") return [node.value, node.text];
  if (node.kind === "list") return node.items.map(bare);
  return node.entries.map((entry) => [entry.key, bare(entry.value)]);
}

const value = fc.oneof(
  fc.constantFrom(
    "${V}",
    "a ${V} b",
    "${V}\n${W}\n",
    "$$",
    "${N:-x: y}",
    "${V:-}",
    "plain",
    "# no",
    "12",
    "$HOME",
  ),
  fc.string({ maxLength: 12 }).filter((random) => !random.includes("${")),
);
const nested = fc.dictionary(
  fc.constantFrom("a", "b", "${V}"),
  fc.oneof(value, fc.array(value, { maxLength: 3 })),
);
const variable = fc.oneof(
  fc.constantFrom(
    "x: y",
    "- a",
    "[1",
    "\n",
    '"',
    "'",
    "*a",
    "&a b",
    "!!int 3",
    "# c",
    "1.5",
    "true",
    "null",
    "",
    "é😀",
    "|\n x",
    "\u0085\u2028\u{7F}",
  ),
  fc.string({ unit: codePoint, maxLength: 20 }),
);

test("interpolating the text means the same as interpolating the scalars, with every line in its place", () => {
  fc.assert(
    fc.property(
      nested,
      variable,
      fc.record({
        flowLevel: fc.integer({ min: -1, max: 1 }),
        lineWidth: fc.integer({ min: 8, max: 80 }),
      }),
      (tree, v, style) => {
        fc.pre(v.isWellFormed());
        const environment = { V: v, W: "w" };
        const yaml = `# \${NOT:?touched}\n${dump(tree, style)}\nlast: here # \${NOR:?this}\n`;
        const rewritten = interpolateText("f", yaml, environment);
        const expected: Problem[] = [];
        const direct = readTree(makeSource("f", yaml), expected, (scalar) =>
          expand(scalar, environment),
        );
        if (direct === null) return; // flow output of a plain ${…} is no YAML in the first place
        if (!rewritten.ok) throw new Error(JSON.stringify(rewritten.problems));
        const problems: Problem[] = [];
        const again = readTree(makeSource("f", rewritten.text), problems);
        expect(problems).toEqual([]);
        expect(again === null ? null : bare(again)).toEqual(bare(direct));
        expect(lineOf(rewritten.text, "last:")).toBe(lineOf(yaml, "last:"));
      },
    ),
    { numRuns: 200 },
  );
});

function lineOf(yaml: string, what: string): number {
  return yaml.slice(0, yaml.lastIndexOf(what)).split("\n").length;
}

/** The same substitution, written differently. */
function expand(scalar: string, environment: Readonly<Record<string, string>>): string {
  return scalar.replaceAll(
    /\$\$|\$\{(\w+)(?::-([^}]*))?\}/g,
    (whole, name: string | undefined, fallback: string | undefined) => {
      if (name === undefined) return "$";
      const found = environment[name];
      return found === undefined || (fallback !== undefined && found === "")
        ? (fallback ?? whole)
        : found;
    },
  );
}
