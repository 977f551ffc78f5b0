/** Every error code the program can give is in the errors table, and the table names no other. */
import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { sources } from "./source-files.ts";

/** `room.noun-problem` by form, but something else. */
const NOT_CODES = [
  "desired.json",
  "runner.booted",
  "runner.silent",
  ...["note", "cancel", "retry", "priority"].map((verb) => `task.${verb}`),
  ...["asked", "answer", "answered", "withdrawn"].map((verb) => `question.${verb}`),
];
const KINDS = [
  "usage",
  "declaration",
  "conflict",
  "capacity",
  "transient",
  "permission",
  "rejected",
  "defect",
];
/** Made for every door that passes through the guard. */
const OF_EVERY_DOOR = ["timeout", "breaker-open"];

/** A subject of several rooms, whose errors are the same wherever they are noticed. */
const SUBJECTS = ["question", "task"];

const rooms = [...globSync("src/*/").map((path) => path.split("/")[1] ?? ""), ...SUBJECTS];
const CODE = new RegExp(`"((?:${rooms.join("|")})\\.[a-z][a-z0-9]*(?:-[a-z0-9]+)*)"`, "g");
const ROW = /^\| `([a-z]+\.[a-z0-9-]+)` \| ([a-z, ]+) \| (.+) \|$/gm;

const used = new Map(
  sources.flatMap(({ path, text }) =>
    [...text.matchAll(CODE)].map(([, code = ""]): [string, string] => [code, path]),
  ),
);
const rows = [...readFileSync("src/ERRORS.md", "utf8").matchAll(ROW)].map(
  ([, code = "", kind = "", meaning = ""]) => ({ code, kind, meaning }),
);

test("every code used in src is in src/ERRORS.md", () => {
  expect(used.size).toBeGreaterThan(50);
  const documented = new Set([...NOT_CODES, ...rows.map((row) => row.code)]);
  const missing = [...used]
    .filter(([code]) => !documented.has(code))
    .map(([code, path]) => `${code} (${path})`);
  expect(missing).toEqual([]);
});

test("src/ERRORS.md names no code that nothing gives, and each once", () => {
  const codes = rows.map((row) => row.code);
  const stale = codes.filter(
    (code) => !used.has(code) && !OF_EVERY_DOOR.includes(code.split(".")[1] ?? ""),
  );
  expect(stale).toEqual([]);
  expect(codes.filter((code, at) => codes.indexOf(code) !== at)).toEqual([]);
});

test("every row names kinds that exist and says something", () => {
  const wrong = rows.filter(
    ({ kind, meaning }) =>
      !kind.split(", ").every((one) => KINDS.includes(one)) || meaning.length < 15,
  );
  expect(wrong).toEqual([]);
});

test("a code literal belongs to a kind of error: no code is given without one", () => {
  const loose = sources.flatMap(({ path, text }) =>
    [...text.matchAll(/\bcode: "([a-z]+\.[a-z-]+)"/g)]
      .filter(([, code = ""]) => !rooms.includes(code.split(".")[0] ?? ""))
      .map(([, code = ""]) => `${path}: ${code}`),
  );
  expect(loose).toEqual([]);
});
