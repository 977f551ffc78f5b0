/** Bounds: what is too large is refused quickly, with a place, and without crashing. */
import { expect, test, vi } from "vitest";
import { parseBundle } from "../../../src/declare/parse.ts";
import { bundleOf, refused } from "./declared.ts";

/** Nine levels of nine aliases: 387 million values out of 300 bytes. */
const BOMB = `a: &a [x,x,x,x,x,x,x,x,x]\n${["b", "c", "d", "e", "f", "g", "h", "i"]
  .map(
    (name, at) =>
      `${name}: &${name} [${Array.from({ length: 9 }, () => `*${"abcdefgh"[at]}`).join(",")}]`,
  )
  .join("\n")}\n`;

/** A busy machine may stretch the clock; what counts is the time spent computing. */
vi.setConfig({ testTimeout: 20_000 });
const CPU_MS = 100;
/** For texts near the size of a whole file, which have to be read before they can be refused. */
const LONG_CPU_MS = 1000;

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

test.each([
  ["a 300-byte alias bomb", BOMB, "more than 100000 values with aliases written out"],
  [
    "an alias bomb behind merge keys",
    BOMB.replaceAll("[x", "[x").concat("j: { <<: [*i, *i] }\n"),
    "more than 100000 values",
  ],
  ["20,000 nested brackets", `name: ${"[".repeat(20_000)}`, "nested deeper than 32 levels"],
  ["20,000 nested braces", "{a: ".repeat(20_000), "nested deeper than 32 levels"],
  ["20,000 nested dashes", "- ".repeat(20_000), "nested deeper than 32 levels"],
  ["a 2 MiB file", `# ${"x".repeat(2 ** 21)}`, "the file is larger than 1MiB"],
  [
    "a text of 100 KB",
    `name: web\nimage: i\nenvironment: { A: ${"x".repeat(100_000)} }`,
    "must be at most 65536 characters",
  ],
  [
    "half a surrogate pair, which no database keeps",
    'name: web\nimage: i\nenvironment: { A: "\\uD800" }',
    "must not contain NUL or half a surrogate pair",
  ],
  [
    "a file of 200,000 values",
    `x-a: [${`[${"1,".repeat(1000)}],`.repeat(200)}]`,
    "more than 100000 values",
  ],
  ["an alias chain deeper than any nesting", chain(200), "nested deeper than 32 levels"],
])("%s is refused", (_, text, message) => {
  refused(bundleOf({ "web.yaml": "name: web" })); // loading and compiling the code is not what is measured
  const before = cpuMs();
  const problems = refused(bundleOf({ "web.yaml": text }));
  const long = text.length > 100_000 && text.length < 2 ** 20;
  expect(cpuMs() - before).toBeLessThan(long ? LONG_CPU_MS : CPU_MS);
  expect(problems.join("\n")).toContain(message);
});

function chain(length: number): string {
  const links = Array.from({ length }, (_, at) => `x-${at + 1}: &a${at + 1} [*a${at}]`);
  return `x-0: &a0 [1]\n${links.join("\n")}\n`;
}

test("an alias that contains itself is refused", () => {
  expect(refused(bundleOf({ "web.yaml": "x-a: &a [*a]" }))[0]).toContain("contains itself");
});

function projects(count: number): string {
  return `projects: { ${Array.from({ length: count }, (_, at) => `p-${at}x: { image: i }`).join(", ")} }`;
}

function agents(count: number): string {
  const all = Array.from({ length: count }, (_, at) => `a-${at}x: { command: [x] }`);
  return `name: web\nimage: i\nlimits: { agents: 100 }\nagents: { ${all.join(", ")} }`;
}

test("a thousand projects are accepted and one more is not", () => {
  expect(refused(bundleOf({ "berth.yaml": projects(1000) }))).toEqual([]);
  expect(refused(bundleOf({ "berth.yaml": projects(1001) }))).toEqual([
    "berth.yaml:1:13 1001 projects are declared; at most 1000 may be",
  ]);
});

test("64 agents are accepted and one more is not", () => {
  expect(refused(bundleOf({ "web.yaml": agents(64) }))).toEqual([]);
  expect(refused(bundleOf({ "web.yaml": agents(65) }))).toEqual([
    "web.yaml:4:9 agents must have at most 64 entries",
  ]);
});

test("projects that multiply a huge template are refused before they are merged", () => {
  const labels = Array.from({ length: 1500 }, (_, at) => `k${at}: [1,1,1,1,1,1,1,1]`).join(", ");
  const host = `templates: { base: { image: i, x-y: { ${labels} } } }\nprojects:\n`;
  const extending = Array.from({ length: 900 }, (_, at) => `  p-${at}x: { extends: base }`).join(
    "\n",
  );
  const before = cpuMs();
  expect(refused(bundleOf({ "berth.yaml": host + extending }))).toEqual([
    "berth.yaml:40:3 from here on the projects inherit more than 500000 values in all",
  ]);
  expect(cpuMs() - before).toBeLessThan(5 * LONG_CPU_MS);
});

test("a hundred thousand references without a value on one line are refused in time", () => {
  const references = Array.from(
    { length: 60 },
    () => `[${Array.from({ length: 1000 }, () => '"\\x24{A}"').join(",")}]`,
  );
  const bundle = bundleOf({ "berth.yaml": `x-a: [${references.join(",")}]` });
  const before = cpuMs();
  const parsed = parseBundle(bundle, { environment: {} });
  expect(parsed.ok ? [] : parsed.problems).toHaveLength(500);
  expect(cpuMs() - before).toBeLessThan(2 * LONG_CPU_MS);
});

test("a bundle of too many files is refused without reading them", () => {
  const files = Object.fromEntries(Array.from({ length: 1100 }, (_, at) => [`p${at}.yaml`, "{"]));
  expect(refused(bundleOf(files))).toEqual([
    "p0.yaml:1:1 more than 1002 files or 16777216 bytes are too many",
  ]);
});

test("at most 500 problems are told, and that there are more", () => {
  const files = Object.fromEntries(
    Array.from({ length: 600 }, (_, at) => [`p${String(at).padStart(3, "0")}.yaml`, "{"]),
  );
  const parsed = parseBundle(bundleOf(files));
  expect(parsed.ok ? [] : parsed.problems).toHaveLength(500);
  expect(parsed.ok ? null : parsed.problems.at(-1)?.hint).toBe(
    "there are more problems than are shown",
  );
});

test("a project whose agents are too large for a message to its runner is refused, also when its file is small", () => {
  const bearers = Array.from(
    { length: 20 },
    (_, n) => `  a${n}: { command: [x], environment: *many }\n`,
  ).join("");
  const text = (texts: number): string => {
    const many = Array.from({ length: texts }, (_, n) => `V${n}: "${"ü".repeat(20_000)}"`);
    return `name: web\nimage: i\nlimits: { agents: 20 }\nx-many: &many { ${many.join(", ")} }\nagents:\n${bearers}`;
  };
  expect(refused(bundleOf({ "web.yaml": text(1) }))).toEqual([]);
  expect(refused(bundleOf({ "web.yaml": text(2) }))).toEqual([
    expect.stringMatching(/^web.yaml:5:1 agents must be at most 921600 bytes .* it is 16\d{5}$/),
  ]);
});

test("names JavaScript gives a meaning to stay harmless", () => {
  const text = `
name: web
image: i
environment: { constructor: a, toString: b, hasOwnProperty: c }
labels: { constructor: d, valueOf: e }
x-constructor: { prototype: 1 }`;
  const parsed = parseBundle(bundleOf({ "web.yaml": text }));
  expect(parsed.ok && parsed.declaration.projects["web"]?.environment).toEqual({
    constructor: "a",
    toString: "b",
    hasOwnProperty: "c",
  });
  expect(
    refused(
      bundleOf({ "web.yaml": "name: web\nimage: i\nenvironment: { __proto__: { polluted: x } }" }),
    ),
  ).toEqual(["web.yaml:3:16 a key must be a plain text"]);
  expect("polluted" in {}).toBe(false);
});
