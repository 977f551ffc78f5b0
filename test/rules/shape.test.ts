/** How every file looks: its size, its first line, how it exports and imports. */
import { expect, test } from "vitest";
import { lineCount, scripts, sources, tests, type SourceFile } from "./source-files.ts";

const MOST_LINES = 400;
const MEDIAN_LINES = 90;

const RELATIVE = /(?:\bfrom|\bimport\()\s*"(\.[^"]*)"|^import\s+"(\.[^"]*)"/gm;

/** The first line with words: behind a `#!` line, and behind a `/**` that stands alone. */
function firstLine({ text }: SourceFile): string {
  const [first = "", second = "", ...rest] = text.split("\n", 4);
  if (first.startsWith("#!")) return firstLine({ path: "", text: [second, ...rest].join("\n") });
  return first === "/**" ? second.replace(/^ \* /, "/** ") : first;
}

export function importsWithoutExtension({ path, text }: SourceFile): readonly string[] {
  return [...text.matchAll(RELATIVE)]
    .map(([, from, bare]) => from ?? bare ?? "")
    .filter((spec) => !/\.(ts|tsx|json|css)$/.test(spec))
    .map((spec) => `${path}: ${spec}`);
}

// Of tests the linter counts the lines that are code: goldens and tables may be long.
test("no file of the program is longer than 400 lines", () => {
  const long = [...sources, ...scripts]
    .filter(({ text }) => lineCount(text) > MOST_LINES)
    .map(({ path, text }) => `${path}: ${lineCount(text)}`);
  expect(long).toEqual([]);
});

test("half of the files are no longer than 90 lines", () => {
  const sizes = sources.map(({ text }) => lineCount(text)).toSorted((a, b) => a - b);
  expect(sizes.length).toBeGreaterThan(0);
  expect(sizes[Math.floor(sizes.length / 2)]).toBeLessThanOrEqual(MEDIAN_LINES);
});

test("every file begins with a sentence that says what it is", () => {
  const silent = [...sources, ...tests].filter((file) => !/^\/\*\* \S.{9,}/.test(firstLine(file)));
  const silentScripts = scripts.filter((file) => !/^-- \S.{9,}/.test(firstLine(file)));
  expect([...silent, ...silentScripts].map(({ path }) => path)).toEqual([]);
});

test("nothing of the program is a default export", () => {
  const found = sources.filter(({ text }) =>
    /^export\s+(?:default\b|\{[^}]*\bas default\b)/m.test(text),
  );
  expect(found.map(({ path }) => path)).toEqual([]);
});

test("no file only passes on the exports of others", () => {
  const barrels = sources.filter(
    ({ path, text }) => /(^|\/)index\.tsx?$/.test(path) || /^export\s+\*\s+from/m.test(text),
  );
  expect(barrels.map(({ path }) => path)).toEqual([]);
});

test("relative imports carry their extension, in tests too", () => {
  const bare = 'import { a } from "./a";\nimport {\n  b,\n} from "../b";\nconst c = import("./c");';
  expect(importsWithoutExtension({ path: "x.ts", text: bare })).toHaveLength(3);
  expect(
    [...sources, ...tests]
      .filter(({ path }) => path !== "test/rules/shape.test.ts")
      .flatMap(importsWithoutExtension),
  ).toEqual([]);
});

test("nothing is left for later and no test is switched off", () => {
  const later = [...sources, ...tests, ...scripts]
    .filter(({ path }) => path !== "test/rules/shape.test.ts")
    .flatMap(({ path, text }) =>
      [
        ...text.matchAll(/\b(?:TODO|FIXME|XXX)\b|\b(?:test|it|describe)\.(?:skip|only|todo)\b/g),
      ].map(([found]) => `${path}: ${found}`),
    );
  expect(later).toEqual([]);
});
