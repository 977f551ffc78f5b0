/**
 * Prints the files whose lint may have changed since the last one that passed: `unlinted.mjs PASSED`, where PASSED holds the keys of
 * what passed; the keys of now go to PASSED.new. What a rule says of a file depends on it and on all it reaches by its imports, whose
 * types and cycles it may look at, and on what holds for all: configuration, locked packages, and files that are no modules.
 */
import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const [passed] = process.argv.slice(2);
const LINTED = "{src,test}/**/*.{ts,tsx,mts,cts,js,jsx,mjs,cjs}";
const FOR_ALL = ["package.json", "package-lock.json", "{.,src/**,test/**}/{.oxlintrc*,tsconfig*.json}"];
/** Any text that could be a path beside the file: whatever it is that names it, import, re-export or mock. */
const PATH = /["'`](\.\.?\/[^"'`\n]+)["'`]/g;
const MODULE = /^(?:import|export)\b/m;
const GLOBAL = /\bdeclare (?:global|module)\b/;

const hash = (text) => createHash("sha256").update(text).digest("base64");
const files = new Map(globSync(LINTED).map((path) => [path, readFileSync(path, "utf8")]));
const common = globSync(FOR_ALL).toSorted().map((path) => readFileSync(path, "utf8"));
for (const text of files.values()) if (!MODULE.test(text) || GLOBAL.test(text)) common.push(text);
common.push(readFileSync(import.meta.filename, "utf8"));

const own = new Map([...files].map(([path, text]) => [path, hash(text)]));
const beside = new Map([...files].map(([path, text]) => [path, named(path, text)]));

function named(path, text) {
  return [...text.matchAll(PATH)].map(([, to]) => join(dirname(path), to));
}

/** Of the file and of all it reaches; what is no source but is there, a JSON file say, counts with its text. */
function keyOf(path) {
  const reached = new Set([path]);
  for (const at of reached) for (const to of beside.get(at) ?? []) if (known(to)) reached.add(to);
  return hash(`${path}\n${[...reached].toSorted().map((at) => `${at} ${own.get(at)}`).join("\n")}`);
}

function known(path) {
  if (own.has(path)) return true;
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return false;
  own.set(path, hash(readFileSync(path)));
  return true;
}

const base = hash(common.join("\0"));
const keys = new Map([...files.keys()].map((path) => [path, hash(base + keyOf(path))]));
const before = new Set(existsSync(passed) ? readFileSync(passed, "utf8").split("\n") : []);
mkdirSync(dirname(passed), { recursive: true });
writeFileSync(`${passed}.new`, [...keys.values()].join("\n"));
for (const [path, key] of keys) if (!before.has(key)) console.log(path);
