/** The budget: one project larger than the host is a mistake, a sum larger than it is not. */
import { expect, test } from "vitest";
import { budgetOf, checkBudget } from "../../../src/declare/budget.ts";
import { accepted, bundleOf } from "./declared.ts";

const GIB = 2 ** 30;
const facts = { cpus: 2, memoryBytes: 4 * GIB };

function told(text: string): readonly string[] {
  const { declaration, origins } = accepted(bundleOf({ "berth.yaml": text }));
  return checkBudget(declaration, facts, origins).map(
    (one) => `${one.line}:${one.column} ${one.code} ${one.message}`,
  );
}

test("the budget is the host without its reserve, memory times the overcommit", () => {
  const { declaration } = accepted(
    bundleOf({ "berth.yaml": "host: { reserve: { cpus: 0.5, memory: 1GiB }, overcommit: 1.5 }" }),
  );
  expect(budgetOf(declaration.host, facts)).toEqual({ cpus: 1.5, memoryBytes: 4.5 * GIB });
  expect(budgetOf(declaration.host, { cpus: 0, memoryBytes: 0 })).toEqual({
    cpus: 0,
    memoryBytes: 0,
  });
});

test("a project that alone exceeds it is refused where its limit is written", () => {
  expect(
    told("projects:\n  big:\n    image: i\n    limits:\n      memory: 3073MiB\n      cpus: 1.6\n"),
  ).toEqual([
    "5:15 declare.over-budget limits.memory of big is 3073MiB, more than the 3GiB this host has for all projects",
    "6:13 declare.over-budget limits.cpus of big is 1.6, more than the 1.5 this host has for all projects",
  ]);
});

test("a limit that came from a template is refused there, one nobody wrote at the project", () => {
  expect(
    told(
      "templates: { base: { limits: { memory: 5GiB } } }\nprojects: { big: { image: i, extends: base } }",
    ),
  ).toHaveLength(1);
  expect(
    told(
      "templates: { base: { limits: { memory: 5GiB } } }\nprojects: { big: { image: i, extends: base } }",
    )[0],
  ).toMatch(/^1:40 /);
  expect(told("host: { reserve: { cpus: 1.5 } }\nprojects: { one: { image: i } }")[0]).toMatch(
    /^2:18 /,
  );
});

test("many that fit one by one are accepted however large their sum", () => {
  const projects = Array.from(
    { length: 9 },
    (_, at) => `p-${at}: { image: i, limits: { memory: 3GiB, cpus: 1.5 } }`,
  );
  expect(told(`projects: { ${projects.join(", ")} }`)).toEqual([]);
});
