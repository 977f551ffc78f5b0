/** The contract's own example, as files: every key of it means what it says. */
import { globSync, readFileSync } from "node:fs";
import { dump } from "js-yaml";
import { expect, test } from "vitest";
import { parseBundle } from "../../../src/declare/parse.ts";
import { hostShape, projectShape } from "../../../src/declare/shape.ts";
import { accepted, bundleOf } from "./declared.ts";

const ROOT = new URL("../../fixtures/declare/contract/", import.meta.url);
const files = Object.fromEntries(
  globSync("**/*.yaml", { cwd: ROOT.pathname }).map((name) => [
    name,
    readFileSync(new URL(name, ROOT), "utf8"),
  ]),
);

function parsed(overlays: readonly string[]) {
  const { "berth.prod.yaml": prod = "", ...others } = files;
  const named = overlays.length > 0 ? { ...others, "berth.prod.yaml": prod } : others;
  const result = parseBundle(
    { entry: "berth.yaml", files: named, base: "/srv/host", overlays },
    { environment: {} },
  );
  if (!result.ok) throw new Error(JSON.stringify(result.problems, null, 2));
  return result;
}

test("the host section arrives in base units with its roots made absolute", () => {
  expect(parsed([]).declaration.host).toEqual({
    reserve: { cpus: 0.5, memoryBytes: 2 ** 30, diskBytes: 5 * 2 ** 30 },
    networkPool: "10.201.0.0/16",
    overcommit: 1,
    agents: 16,
    strategy: "dominant-share",
    workspaceRoots: ["/srv/host/repos"],
  });
});

test("a project arrives with every value filled in", () => {
  expect(parsed([]).declaration.projects["web"]).toEqual({
    name: "web",
    image: "node:26-bookworm-slim",
    priority: 750,
    weight: 3,
    limits: {
      cpus: 1.5,
      memoryBytes: 2 ** 30,
      pids: 256,
      agents: 4,
      nofile: 16_384,
      shmBytes: 2 ** 26,
    },
    network: { egress: "none" },
    workspace: { kind: "volume", volume: "web" },
    environment: { LOG: "info", PORT: "8080", VERSION: "1.10", VERBOSE: "true" },
    labels: { team: "core" },
    secrets: ["MODEL_API_KEY"],
    security: { readOnlyRoot: false },
    tmpfs: ["/var/cache"],
    agents: {
      heartbeat: {
        name: "heartbeat",
        task: null,
        command: ["node", "beat.js"],
        entrypoint: "none",
        replicas: 1,
        restart: {
          mode: "on-failure",
          max: 5,
          windowMs: 600_000,
          backoffMs: 0,
          backoffMaxMs: 60_000,
        },
        health: {
          command: ["test", "-f", "/workspace/ok"],
          intervalMs: 10_000,
          timeoutMs: 2000,
          retries: 3,
          startPeriodMs: 5000,
        },
        stopGraceMs: 10_000,
        user: null,
        cwd: null,
        environment: {},
      },
      coder: {
        name: "coder",
        task: null,
        command: ["work", "--loop", "3"],
        entrypoint: "image",
        replicas: 3,
        restart: {
          mode: "always",
          max: 5,
          windowMs: 600_000,
          backoffMs: 1000,
          backoffMaxMs: 60_000,
        },
        health: null,
        stopGraceMs: 10_000,
        user: "1000:1000",
        cwd: "/workspace/src",
        environment: { MODE: "slow" },
      },
      reviewer: {
        name: "reviewer",
        task: { min: 0, max: 3, timeoutMs: 1_800_000, retries: { max: 2, backoffMs: 5000 } },
        command: ["node", "work.js"],
        entrypoint: "none",
        replicas: 0,
        restart: {
          mode: "no",
          max: 5,
          windowMs: 600_000,
          backoffMs: 1000,
          backoffMaxMs: 60_000,
        },
        health: null,
        stopGraceMs: 10_000,
        user: null,
        cwd: null,
        environment: {},
      },
    },
  });
});

test("what a project leaves out is a documented default", () => {
  expect(parsed([]).declaration.projects["docs"]).toEqual({
    name: "docs",
    image: "debian:bookworm-slim",
    priority: 20,
    weight: 1,
    limits: {
      cpus: 1,
      memoryBytes: 2 ** 29,
      pids: 256,
      agents: 16,
      nofile: 16_384,
      shmBytes: 2 ** 26,
    },
    network: { egress: "open" },
    workspace: { kind: "git", url: "https://example.org/docs.git", ref: "main", volume: "docs" },
    environment: {},
    labels: {},
    secrets: [],
    security: { readOnlyRoot: true },
    tmpfs: [],
    agents: {},
  });
});

test("a path workspace is made absolute at the host file", () => {
  expect(parsed([]).declaration.projects["api"]?.workspace).toEqual({
    kind: "path",
    path: "/srv/host/repos/api",
  });
});

test("an environment overlay changes host, defaults, templates and projects, and nothing else", () => {
  const plain = parsed([]).declaration;
  const { host, projects } = parsed(["berth.prod.yaml"]).declaration;
  expect(host).toEqual({ ...plain.host, overcommit: 1.2 });
  expect(projects["api"]).toEqual({
    ...plain.projects["api"],
    environment: { STAGE: "prod" },
    limits: { ...plain.projects["api"]?.limits, memoryBytes: 2 ** 31 },
  });
  expect(projects["web"]?.limits).toEqual({ ...plain.projects["web"]?.limits, cpus: 2 });
  expect(projects["web"]?.agents["heartbeat"]?.restart).toMatchObject({
    mode: "no",
    max: 5,
    backoffMs: 0,
  });
});

test("every effective leaf names where it came from", () => {
  const lines = parsed(["berth.prod.yaml"]).origins.project("web");
  const origin = Object.fromEntries(
    lines.map((line) => [line.path, `${line.value} < ${line.origin}`]),
  );
  expect(origin).toMatchObject({
    image: "node:26-bookworm-slim < template node-agent (berth.yaml:13)",
    "limits.cpus": "2 < berth.prod.yaml:5",
    "limits.memory": "1GiB < projects/web.yaml:6",
    "limits.nofile": "16384 < berth default",
    "environment.STAGE": "prod < defaults (berth.prod.yaml:2)",
    "agents.heartbeat.restart.window": "10m < projects/web.yaml:14",
    "agents.heartbeat.restart.policy": "no < berth.prod.yaml:5",
    "agents.coder.restart.policy": "always < projects/web.yaml:26",
    "agents.coder.health": "none < berth default",
    "agents.reviewer.max": "3 < projects/web.yaml:34",
    "agents.reviewer.on": "task < projects/web.yaml:32",
  });
  expect(lines.filter((line) => line.origin === "")).toEqual([]);
});

test("the effective declaration, written out as YAML, means the same again", () => {
  const { declaration } = parsed(["berth.prod.yaml"]);
  const texts = Object.entries(declaration.projects).map(([name, spec]) => [
    `${name}.yaml`,
    dump(projectShape(spec)),
  ]);
  const again = bundleOf({
    "berth.yaml": dump({ host: hostShape(declaration.host) }),
    ...Object.fromEntries(texts),
  });
  expect(accepted(again).declaration).toEqual(declaration);
});
