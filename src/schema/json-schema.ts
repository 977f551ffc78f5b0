/** The declaration's schemas as JSON Schema (draft-07), for completion and checking in editors. */
import { z } from "zod";
import { hostFile } from "./host-file.ts";
import { DESCRIPTIONS } from "./descriptions.ts";
import { projectFile } from "./project-file.ts";
import { EXTENSION } from "./walk.ts";

interface JsonNode {
  [key: string]: JsonValue;
}
type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonNode;

/** File name to text of every schema under `config/schema/`. */
export function jsonSchemas(): Readonly<Record<string, string>> {
  return {
    "host.json": textOf(
      hostFile,
      "Berth host file: berth.yaml, and its overlay berth.<environment>.yaml",
    ),
    "project.json": textOf(projectFile, "Berth project file"),
  };
}

function textOf(schema: z.ZodType, title: string): string {
  const generated: unknown = z.toJSONSchema(schema, {
    target: "draft-7",
    io: "input",
    unrepresentable: "any",
  });
  const { $schema = "", ...rest } = annotated(asNode(generated), []);
  return `${JSON.stringify({ $schema, title, ...rest }, null, 2)}\n`;
}

/** Zod hands out plain JSON; reading it back says so to the type checker too. */
function asNode(generated: unknown): JsonNode {
  return z.record(z.string(), z.json()).parse(JSON.parse(JSON.stringify(generated)));
}

/** Adds what zod does not know: a description by path, and the operator's own `x-` keys beside fixed ones. */
function annotated(node: JsonNode, path: readonly string[]): JsonNode {
  const described: JsonNode = { ...node };
  const description = DESCRIPTIONS[describedPath(path)];
  if (description !== undefined && path.at(-1) !== "|") described["description"] = description;
  const { properties, additionalProperties, anyOf, items } = node;
  if (isNode(properties)) {
    const members = Object.entries(properties).map(
      ([key, member]) => [key, annotate(member, [...path, key])] as const,
    );
    described["properties"] = Object.fromEntries(members);
    described["patternProperties"] = { [`^${EXTENSION}`]: {} };
  }
  if (isNode(additionalProperties))
    described["additionalProperties"] = annotated(additionalProperties, [...path, "*"]);
  if (Array.isArray(anyOf))
    described["anyOf"] = anyOf.map((option: JsonValue) => annotate(option, [...path, "|"]));
  if (isNode(items)) described["items"] = annotated(items, [...path, "[]"]);
  return described;
}

function annotate(value: JsonValue, path: readonly string[]): JsonValue {
  return isNode(value) ? annotated(value, path) : value;
}

function isNode(value: JsonValue | undefined): value is JsonNode {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A key is described the same in a project file, in `defaults`, in a template and under `projects`. */
function describedPath(path: readonly string[]): string {
  const [first, second, ...rest] = path.filter((part) => part !== "|");
  const inner =
    first === "defaults"
      ? [second, ...rest]
      : first === "templates" || first === "projects"
        ? rest
        : [];
  const own = inner.filter((part) => part !== undefined);
  return (own.length > 0 ? own : path.filter((part) => part !== "|")).join(".");
}
