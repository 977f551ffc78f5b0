/** Never over quota: what does not fit waits by priority, and the running limits never add up to more than the budget. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { sleeper } from "../../support/samples.ts";
import { type Look, lookAt } from "../../support/look.ts";
import { type Stack, eventually, startStack } from "../../support/stack.ts";

const MIB = 1024 ** 2;
/** Room for four projects of 64 MiB. */
const BUDGET_MIB = 4 * 64 + 32;

let stack: Stack;
let look: Look;
let reserveMiB: number;
beforeAll(async () => {
  stack = await startStack();
  look = lookAt(stack);
  const engineMemory = Number(await stack.docker("info", "--format", "{{.MemTotal}}"));
  reserveMiB = Math.floor(engineMemory / MIB) - BUDGET_MIB;
});
afterAll(() => stack.close());

interface Host {
  readonly budgetBytes: number;
  readonly reservedBytes: number;
}

/** Like samples' host, with the budget of this file. */
function tight(projects: string): string {
  return `api_version: berth/v1
host:
  reserve: { cpus: 0.1, memory: ${reserveMiB}MiB, disk: 100MiB }
defaults:
  image: "debian:bookworm-slim"
  limits: { cpus: 1, memory: 64MiB, pids: 64, agents: 8 }
projects:
${projects}`;
}

function ranked(name: string, priority: string, label = "a"): string {
  return sleeper(name, `    priority: ${priority}\n    labels: { round: ${label} }\n`);
}

/** Sum of the limits of this install's containers that have processes, in MiB; asked of the engine, not of the daemon. */
async function runningMiB(): Promise<number> {
  const ids = (
    await stack.docker(
      "ps",
      "-q",
      "--filter",
      `label=berth.install=${stack.install}`,
      "--filter",
      "label=berth.project",
    )
  )
    .split("\n")
    .filter(Boolean);
  if (ids.length === 0) return 0;
  const memory = await stack
    .docker("inspect", "--format", "{{.State.Running}} {{.HostConfig.Memory}}", ...ids)
    // One of them went between the two calls: the next sample tells.
    .catch(() => "");
  return memory
    .split("\n")
    .filter((line) => line.startsWith("true"))
    .reduce((sum, line) => sum + Number(line.split(" ")[1]) / MIB, 0);
}

/** Samples without a pause while `work` goes on; returns the largest sum and how often it looked. */
async function largestDuring(work: Promise<unknown>): Promise<{ most: number; looks: number }> {
  const seen = { most: 0, looks: 0, over: false };
  const done = work.finally(() => {
    seen.over = true;
  });
  while (!seen.over) {
    seen.most = Math.max(seen.most, await runningMiB());
    seen.looks += 1;
  }
  await done;
  return seen;
}

const SIX = (label: string): string =>
  [
    ranked("low-one", "low", label),
    ranked("low-two", "low", label),
    ranked("mid-one", "normal", label),
    ranked("mid-two", "normal", label),
    ranked("top-one", "critical", label),
    ranked("top-two", "high", label),
  ].join("");

test("six projects for a budget of four: by priority the rest wait, apply --wait exits with 73 and names them", async () => {
  const file = stack.write("berth.yaml", tight(SIX("a")));
  const applying = stack.berth("apply", "-f", file, "--wait", "-y");
  const { most, looks } = await largestDuring(applying);
  expect(looks).toBeGreaterThan(5);
  expect(most).toBeLessThanOrEqual(BUDGET_MIB);
  const applied = await applying;
  expect(applied.code).toBe(73);
  expect(applied.stderr).toMatch(/error: low-one: .*capacity.*\nerror: low-two: .*capacity/);
  const projects = await look.projects();
  expect(projects.filter(({ health }) => health === "healthy").map(({ name }) => name)).toEqual([
    "mid-one",
    "mid-two",
    "top-one",
    "top-two",
  ]);
  for (const name of ["low-one", "low-two"]) {
    const waiting = await look.project(name);
    expect(waiting.health).toBe("waiting");
    expect(waiting.reasons.join()).toMatch(/^waiting: capacity: needs 64MiB, 32\.\d+MiB free of/);
    expect(waiting.containerId).toBeNull();
  }
  const host = JSON.parse((await stack.get("/api/v1/host")).body) as Host;
  expect(host.budgetBytes).toBeLessThanOrEqual((BUDGET_MIB + 1) * MIB);
  expect(host.reservedBytes).toBe(4 * 64 * MIB);
  expect(await runningMiB()).toBe(4 * 64);
});

test("replacing every container at once never takes the sum over the budget", async () => {
  const before = await Promise.all(["mid-one", "top-one"].map((name) => look.container(name)));
  const file = stack.write("berth.yaml", tight(SIX("b")));
  const applying = stack.berth("apply", "-f", file, "--wait", "-y");
  const { most } = await largestDuring(applying);
  expect((await applying).code).toBe(73);
  expect(most).toBeLessThanOrEqual(BUDGET_MIB);
  const after = await Promise.all(["mid-one", "top-one"].map((name) => look.container(name)));
  expect(after.map(({ Id }) => Id)).not.toEqual(before.map(({ Id }) => Id));
  expect(after.map(({ Config }) => Config.Labels["round"])).toEqual(["b", "b"]);
});

test("removing one lets the next in, by name among equals, and pausing frees nothing until it stops", async () => {
  await stack.ok("pause", "top-one");
  expect((await look.project("low-one")).health).toBe("waiting");
  await stack.ok("resume", "top-one");
  await stack.ok("remove", "top-two", "-y");
  await look.healthy("low-one");
  expect((await look.project("low-two")).health).toBe("waiting");
  await stack.ok("pause", "mid-one", "--stop");
  await look.healthy("low-two");
  const resumed = await stack.berth("resume", "mid-one", "--timeout", "20s");
  expect(resumed.code).toBe(73);
  expect(resumed.stderr).toContain("mid-one");
  expect(await runningMiB()).toBeLessThanOrEqual(BUDGET_MIB);
});

test("a limit that is raised beyond the room keeps what it has and says what it waits for", async () => {
  const file = stack.write(
    "berth.yaml",
    tight(
      sleeper(
        "top-one",
        "    priority: critical\n    labels: { round: b }\n    limits: { memory: 160MiB }\n",
      ),
    ),
  );
  const applied = await stack.berth("apply", "-f", file, "--wait", "-y");
  expect(applied.code).toBe(73);
  const grown = await look.project("top-one");
  expect(grown.reasons.join()).toContain("capacity: needs 96MiB more");
  expect((await look.container("top-one")).HostConfig.Memory).toBe(64 * MIB);
  await stack.ok("remove", "low-one", "low-two", "-y");
  await eventually("the larger limit", async () =>
    (await look.container("top-one")).HostConfig.Memory === 160 * MIB ? true : undefined,
  );
});

test("one project over the whole budget is refused with its place, and changes nothing", async () => {
  const before = await look.rows("select * from generation order by generation");
  const file = stack.write(
    "berth.yaml",
    tight(sleeper("giant", `    limits: { memory: ${BUDGET_MIB + 64}MiB }\n`)),
  );
  const refused = await stack.berth("apply", "-f", file, "-y");
  expect(refused.code).toBe(65);
  expect(refused.stderr).toMatch(
    /berth\.yaml:11:23 limits\.memory of giant is 352MiB, more than the 288MiB/,
  );
  expect(await look.rows("select * from generation order by generation")).toEqual(before);
});
