/** Which agents may run before their runner: those that need nothing it alone finds out. */
import { expect, test } from "vitest";
import type { RunnerConfig } from "../../../src/model/desired.ts";
import { firstStarts } from "../../../src/model/first-starts.ts";
import { sampleAgent } from "../../support/project-samples.ts";
import { runnerConfig } from "../../support/runners-door.ts";

const IMAGE = { entrypoint: ["/run"], user: null, workdir: "/srv", environment: { A: "image" } };

function config(more: Partial<RunnerConfig> = {}): RunnerConfig {
  return { ...runnerConfig(), image: IMAGE, agents: [sampleAgent("a")], ...more };
}

test("every replica of every service, as the image and the declaration have it", () => {
  const environment = { B: "project" };
  const agents = [
    { ...sampleAgent("a"), replicas: 2, entrypoint: "image" as const, command: ["x"] },
    { ...sampleAgent("none"), replicas: 0 },
  ];
  const found = firstStarts(config({ agents, environment }));
  expect(found?.owner).toEqual({ uid: 10_001, gid: 10_001, groups: [] });
  expect(found?.starts.map(({ plan, replica }) => [plan.spec.name, replica])).toEqual([
    ["a", 0],
    ["a", 1],
  ]);
  expect(found?.starts[0]?.plan).toMatchObject({
    argv: ["/run", "x"],
    cwd: "/srv",
    environment: { A: "image", B: "project", HOSTNAME: "web", BERTH_AGENT: "a" },
  });
});

const WAITS: readonly (readonly [string, Partial<RunnerConfig>])[] = [
  ["an image nobody looked at", { image: { ...IMAGE, environment: null } }],
  ["a user of the image's database", { image: { ...IMAGE, user: "node" } }],
  ["a number that may have groups there", { image: { ...IMAGE, user: "1000" } }],
  ["an agent's own user", { agents: [sampleAgent("a"), { ...sampleAgent("b"), user: "1000" }] }],
  ["secrets", { secretNames: ["TOKEN"] }],
  ["a clone", { git: { url: "file:///r", ref: "main" } }],
  ["a workspace of somebody else", { workspaceOwner: { uid: 5, gid: 5 } }],
  ["nothing to start", { agents: [] }],
  ["more than the launcher takes at once", { agents: [{ ...sampleAgent("a"), replicas: 65 }] }],
];
test.each(WAITS)("%s waits for the runner", (_what, more) => {
  expect(firstStarts(config(more))).toBeNull();
});

test("an image of root runs agents as the default user, whatever it calls root", () => {
  for (const user of ["", "0", "root", "0:0", "root:root"])
    expect(firstStarts(config({ image: { ...IMAGE, user } }))?.owner.uid).toBe(10_001);
});

test("workers are no first starts, and keep nobody waiting", () => {
  const task = { min: 0, max: 1, timeoutMs: 1, retries: { max: 0, backoffMs: 0 } };
  const agents = [sampleAgent("a"), { ...sampleAgent("w"), task }];
  expect(firstStarts(config({ agents }))?.starts.map(({ plan }) => plan.spec.name)).toEqual(["a"]);
});
