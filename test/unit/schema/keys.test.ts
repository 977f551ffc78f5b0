/** The keys an operator may write are exactly those that reach a spec: none is accepted and then ignored. */
import { expect, test } from "vitest";
import { hostShape, projectShape } from "../../../src/declare/shape.ts";
import { HOST } from "../../../src/declare/defaults.ts";
import { hostLayer } from "../../../src/schema/host-file.ts";
import { projectLayer } from "../../../src/schema/project-file.ts";
import { expectedAt } from "../../../src/schema/walk.ts";
import type { Schema } from "../../../src/schema/walk.ts";
import { accepted, project } from "../declare/declared.ts";

/** Every leaf of a schema as a path, a name of the operator's as `one`. */
function leaves(schema: Schema, path: string): readonly string[] {
  const expected = expectedAt(schema);
  if (expected.kind === "map")
    return [...expected.members].flatMap(([key, member]) => leaves(member, `${path}.${key}`));
  return expected.kind === "record" ? leaves(expected.member, `${path}.one`) : [path];
}

function shapeLeaves(value: unknown, path: string): readonly string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [path];
  return Object.entries(value).flatMap(([key, member]) => shapeLeaves(member, `${path}.${key}`));
}

const FULL = `
name: web
image: i
workspace: { git: "https://example.org/x", ref: main, volume: v }
environment: { one: x }
labels: { one: x }
idle: { freeze_after: 1m, stop_after: 1h }
agents:
  one:
    command: [x]
    user: 1000
    cwd: /x
    health: { command: [x] }
    environment: { one: x }
`;

const WORKER = `
name: web
image: i
environment: { one: x }
labels: { one: x }
agents: { one: { on: task, command: [x], environment: { one: x } } }
`;

test("a project's keys all reach its spec", () => {
  const specs = [FULL, WORKER].flatMap(
    (text) => accepted(project(text)).declaration.projects["web"] ?? [],
  );
  const written = leaves(projectLayer, "").filter(
    (path) => ![".extends", ".workspace.path"].includes(path),
  );
  // an agent is a service or a worker, and says only what means something to its kind
  const reached = new Set(specs.flatMap((spec) => shapeLeaves(projectShape(spec), "")));
  expect([...reached].toSorted()).toEqual(written.toSorted());
});

test("the host's keys all reach its spec", () => {
  expect(shapeLeaves(hostShape(HOST), "").toSorted()).toEqual(leaves(hostLayer, "").toSorted());
});
