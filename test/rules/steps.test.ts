/** Every kind of step is whole: one file that acts, words that render it, a golden that shows it planned. */
import { basename } from "node:path";
import { expect, test } from "vitest";
import { sources, tests } from "./source-files.ts";

const union =
  /export type StepAction =([\s\S]*?);\n\n/.exec(textOf("src/model/step.ts"))?.[1] ?? "";
const kinds = [...union.matchAll(/\bkind: "([a-z-]+)"/g)].map(([, kind = ""]) => kind);

function textOf(path: string): string {
  return sources.find((file) => file.path === path)?.text ?? "";
}

test("the kinds of steps are found where they are declared", () => {
  expect(kinds.length).toBeGreaterThan(15);
  expect(new Set(kinds).size).toBe(kinds.length);
});

test("every kind has its act file, and no act file is without a kind", () => {
  const acts = sources
    .filter(({ path }) => path.startsWith("src/act/steps/"))
    .map(({ path }) => basename(path, ".ts"));
  expect(acts.toSorted()).toEqual(kinds.toSorted());
});

test("every kind is rendered in words of its own", () => {
  const render = textOf("src/plan/render.ts");
  expect(kinds.filter((kind) => !render.includes(`"${kind}":`))).toEqual([]);
});

test("every kind stands in a golden", () => {
  const goldens = tests
    .filter(({ path }) => path.startsWith("test/unit/plan/"))
    .map(({ text }) => text)
    .join("\n");
  expect(kinds.filter((kind) => !new RegExp(`#\\d+ \\S+, ${kind}, `).test(goldens))).toEqual([]);
});
