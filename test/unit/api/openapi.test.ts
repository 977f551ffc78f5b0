/** The OpenAPI document is complete, closed over its references, and says what the routes do. */
import { Validator } from "@seriousme/openapi-schema-validator";
import { beforeAll, expect, test } from "vitest";
import { startServer } from "../../support/api-server.ts";
import { fakeDaemon } from "../../support/fake-daemon.ts";

interface Operation {
  readonly summary?: string;
  readonly parameters?: readonly { name: string; in: string; required?: boolean }[];
  readonly requestBody?: { content: Record<string, { schema: object }> };
  readonly responses: Record<
    string,
    { description: string; content?: Record<string, { schema: object }> }
  >;
}
interface Document {
  readonly openapi: string;
  readonly info: { title: string; version: string };
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { schemas: Record<string, object> };
}

const ROUTES = [
  "get /api/v1/questions",
  "get /api/v1/questions/{id}",
  "post /api/v1/questions/{id}/answer",
  "get /api/v1/projects",
  "get /api/v1/projects/{name}",
  "delete /api/v1/projects/{name}",
  "get /api/v1/projects/{name}/describe",
  "get /api/v1/projects/{name}/plan",
  "get /api/v1/projects/{name}/exec",
  "post /api/v1/projects/{name}/exec-ticket",
  "put /api/v1/projects/{name}",
  "get /api/v1/projects/{name}/agents",
  "get /api/v1/resources",
  "get /api/v1/runs/{id}",
  "get /api/v1/runs/{id}/output",
  ...["pause", "resume", "complete", "start", "stop", "restart"].map(
    (verb) => `post /api/v1/projects/{name}/${verb}`,
  ),
  ...["start", "stop", "restart", "scale"].map(
    (verb) => `post /api/v1/projects/{name}/agents/{agent}/${verb}`,
  ),
  ...["plan", "apply", "down", "rollback", "gc"].map((verb) => `post /api/v1/${verb}`),
  ...[
    "tasks",
    "queue",
    "tasks/{id}",
    "tasks/{id}/attempts",
    "explain/{subject}",
    "explain/{project}/{agent}",
    "why/{subject}",
  ].map((noun) => `get /api/v1/${noun}`),
  ...["tasks", "tasks/{id}/cancel", "tasks/{id}/retry", "tasks/{id}/priority"].map(
    (verb) => `post /api/v1/${verb}`,
  ),
  ...["runs", "logs", "live", "events", "config", "generations", "doctor", "host"].map(
    (noun) => `get /api/v1/${noun}`,
  ),
  "get /api/v1/generations/{generation}",
  "get /api/v1/projects/{name}/metrics",
  "get /api/v1/metrics/host",
  "get /api/v1/log-level",
  "post /api/v1/log-level",
  "get /api/v1/tokens",
  "post /api/v1/tokens",
  "delete /api/v1/tokens/{token}",
  "get /api/v1/agents",
  "get /api/v1/audit",
  "get /api/v1/generations/{generation}/plan",
  "get /healthz",
  "get /readyz",
  "get /metrics",
];

/** As two requests get it. */
const texts: string[] = [];
let document: Document;
beforeAll(async () => {
  await using server = await startServer(fakeDaemon());
  for (let time = 0; time < 2; time += 1)
    texts.push((await server.ask({ path: "/api/v1/openapi.json" })).text);
  document = JSON.parse(texts[0] ?? "");
});

test("every route is described, and nothing else", () => {
  const found = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
  expect(document.openapi).toBe("3.1.0");
  expect(document.info).toMatchObject({ title: "Berth", version: "0.1.0" });
  expect(found.toSorted()).toEqual(ROUTES.toSorted());
});

test("every path parameter is declared and required, every operation has a summary and a problem", () => {
  for (const [path, methods] of Object.entries(document.paths))
    for (const operation of Object.values(methods)) {
      const declared = (operation.parameters ?? []).filter(
        (one) => one.in === "path" && one.required === true,
      );
      const named = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      expect(declared.map((one) => one.name)).toEqual(named);
      expect(operation.summary).toBeTruthy();
      expect(Object.keys(operation.responses["default"]?.content ?? {})).toEqual([
        "application/problem+json",
      ]);
    }
});

test("every reference leads to a component", () => {
  const references = [
    ...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g),
  ];
  expect(references.length).toBeGreaterThan(20);
  const named = new Set(references.map(([, name]) => name));
  expect([...named.difference(new Set(Object.keys(document.components.schemas)))]).toEqual([]);
});

test("request bodies are the ones the routes check", () => {
  const scale = document.paths["/api/v1/projects/{name}/agents/{agent}/scale"]?.["post"];
  expect(scale?.requestBody?.content["application/json"]?.schema).toMatchObject({
    properties: { replicas: { type: "integer", minimum: 0 } },
    required: ["replicas"],
    additionalProperties: false,
  });
});

test("asking twice gives the same document", () => {
  expect(texts[1]).toBe(texts[0]);
});

test("an independent validator finds the document to be valid OpenAPI 3.1", async () => {
  const validator = new Validator();
  // it resolves references in place
  expect(await validator.validate(structuredClone({ ...document }))).toEqual({ valid: true });
  expect(validator.version).toBe("3.1");
  const broken = { ...document, paths: { "/x": { get: { responses: 1 } } } };
  expect((await validator.validate(broken)).valid).toBe(false);
});
