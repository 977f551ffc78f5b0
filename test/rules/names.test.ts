/** Words that say nothing are refused in the names of files and of what they export. */
import { basename } from "node:path";
import { expect, test } from "vitest";
import { sources } from "./source-files.ts";

/** Anywhere in a name. */
const REFUSED = ["manager", "helper", "helpers", "util", "utils", "common", "impl", "data", "info"];
/** As the verb a name begins with. */
const REFUSED_VERBS = ["handle", "handles", "process", "do"];

const EXPORTED =
  /^export\s+(?:declare\s+)?(?:abstract\s+)?(async\s+function\*?|function\*?|const|let|class|interface|type)\s+([A-Za-z_$][\w$]*)/gm;

function wordsOf(name: string): readonly string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1-$2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");
}

/** `verb`: the name is one of something that acts, so its first word is read as a verb. */
export function refusedWord(name: string, verb: boolean): string | undefined {
  const words = wordsOf(name);
  const [first = ""] = words;
  if (verb && words.length > 1 && REFUSED_VERBS.includes(first)) return first;
  return words.find((word) => REFUSED.includes(word));
}

test("the rule knows a word by its place", () => {
  expect(refusedWord("runHelper", true)).toBe("helper");
  expect(refusedWord("IOData", false)).toBe("data");
  expect(refusedWord("handleRequest", true)).toBe("handle");
  expect(refusedWord("doStep", true)).toBe("do");
  expect(refusedWord("processFrame", true)).toBe("process");
  expect(refusedWord("ProcessTree", false)).toBeUndefined();
  expect(refusedWord("database", false)).toBeUndefined();
  expect(refusedWord("domainOf", true)).toBeUndefined();
  expect(refusedWord("FileHandle", false)).toBeUndefined();
});

test("no file's name holds a refused word", () => {
  const found = sources.flatMap(({ path }) => {
    const word = path
      .split("/")
      .slice(1)
      .map((part) => refusedWord(basename(part).replace(/\.tsx?$/, ""), false))
      .find((one) => one !== undefined);
    return word === undefined ? [] : [`${path}: ${word}`];
  });
  expect(found).toEqual([]);
});

test("file and folder names are kebab-case", () => {
  const odd = sources.filter(({ path }) => !/^src(\/[a-z0-9]+(-[a-z0-9]+)*)+\.tsx?$/.test(path));
  expect(odd.map(({ path }) => path)).toEqual([]);
});

test("no exported name holds a refused word", () => {
  const found = sources.flatMap(({ path, text }) =>
    [...text.matchAll(EXPORTED)].flatMap(([, kind = "", name = ""]) => {
      const word = refusedWord(name, kind.includes("function"));
      return word === undefined ? [] : [`${path}: ${name}`];
    }),
  );
  expect(found).toEqual([]);
});
