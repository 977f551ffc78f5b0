/** What editors are told: the generated JSON Schema accepts what we accept and refuses what we refuse. */
import { readFileSync } from "node:fs";
import { load } from "js-yaml";
import { expect, test } from "vitest";
import { z } from "zod";
import { DESCRIPTIONS } from "../../../src/schema/descriptions.ts";
import { jsonSchemas } from "../../../src/schema/json-schema.ts";

const schemas = Object.fromEntries(
  Object.entries(jsonSchemas()).map(([name, text]) => [name, z.fromJSONSchema(JSON.parse(text))]),
);
const project = { name: "web", image: "i" };

function accepts(name: string, value: unknown): boolean {
  return schemas[name]?.safeParse(value).success ?? false;
}

test("both are draft-07", () => {
  for (const text of Object.values(jsonSchemas())) {
    expect(JSON.parse(text)).toMatchObject({
      $schema: "http://json-schema.org/draft-07/schema#",
      type: "object",
    });
  }
});

test("the contract's example is accepted", () => {
  const read = (name: string) =>
    load(readFileSync(new URL(`../../fixtures/declare/contract/${name}`, import.meta.url), "utf8"));
  expect(accepts("host.json", read("berth.yaml"))).toBe(true);
  expect(accepts("host.json", read("berth.prod.yaml"))).toBe(true);
  for (const name of ["api", "docs"])
    expect(accepts("project.json", read(`projects/${name}.yaml`))).toBe(true);
});

test.each([
  { limits: { memory: "1GiB" } },
  { limits: { memory: "512m", cpus: 1.5 } },
  { priority: "high" },
  { priority: 20 },
  { environment: { PORT: 8080, ON: true } },
  {
    agents: {
      bot: { command: ["x", 1], restart: "no", health: "none", stop_grace_period: "1h30m" },
    },
  },
  { "x-own": [1, { a: 2 }], limits: { "x-why": "because" } },
])("accepts %j", (extra) => {
  expect(accepts("project.json", { ...project, ...extra })).toBe(true);
});

test.each([
  { imgae: "i" },
  { limits: { memory: "1 apple" } },
  { limits: { cpus: "2" } },
  { priority: "urgent" },
  { network: { egress: "maybe" } },
  { agents: { B: { command: ["x"] } } },
  { agents: { bot: { command: "x" } } },
  { agents: { bot: { command: ["x"], on: "start" } } },
  { agents: { bot: { command: ["x"], on: "task", min: -1 } } },
  { agents: { bot: { command: ["x"], on: "task", timeout: "soon" } } },
  { secrets: ["lower"] },
])("refuses %j", (extra) => {
  expect(accepts("project.json", { ...project, ...extra })).toBe(false);
});

test("a project file needs its name", () => {
  expect(accepts("project.json", { image: "i" })).toBe(false);
});

test("every description belongs to a key there is", () => {
  const found = Object.values(jsonSchemas()).join("\n");
  const missing = Object.entries(DESCRIPTIONS).filter(
    ([, text]) => !found.includes(JSON.stringify(text)),
  );
  expect(missing).toEqual([]);
});
