/** A stack for a bench: the built program on stores with their own defaults, and looks at it that cost little. */
import { readFileSync, readdirSync } from "node:fs";
import type { Project } from "../../src/client/client.ts";
import { type Stack, startStack } from "../support/stack.ts";
import { BUILT_ENV, builtProgram } from "./built.ts";
import { eachOf } from "./numbers.ts";

/** Rounds, samples and sizes of a run. */
export interface Scale {
  readonly rounds: number;
  readonly projects: number;
  readonly samples: number;
  readonly hundred: number;
  readonly idleMs: number;
  /** Tasks through the queue, and short processes in each project. */
  readonly queued: number;
  readonly short: number;
  /** Mixed requests to the API last this long. */
  readonly apiSeconds: number;
}

export const FULL: Scale = {
  rounds: 5,
  projects: 20,
  samples: 20,
  hundred: 100,
  idleMs: 75_000,
  queued: 10_000,
  short: 2_500,
  apiSeconds: 60,
};
export const QUICK: Scale = {
  rounds: 1,
  projects: 4,
  samples: 5,
  hundred: 8,
  idleMs: 32_000,
  queued: 1_000,
  short: 200,
  apiSeconds: 5,
};

export async function benchStack(): Promise<Stack> {
  return startStack({
    program: await builtProgram(),
    durable: true,
    env: { BERTH_LOG_LEVEL: "warn", ...BUILT_ENV },
  });
}

export async function projectsOf(stack: Stack): Promise<readonly Project[]> {
  const { status, body } = await stack.get("/api/v1/projects");
  if (status !== 200) throw new Error(`${status} ${body}`);
  return (JSON.parse(body) as { items: Project[] }).items;
}

/** Agents whose runner says that they run. */
export function runningAgents(projects: readonly Project[]): number {
  return projects.flatMap(({ agents }) => agents).filter(({ state }) => state === "running").length;
}

/** Fails unless exactly this many agents run: a bench that measures less is none. */
export async function expectRunning(stack: Stack, count: number): Promise<void> {
  const found = runningAgents(await projectsOf(stack));
  if (found !== count) throw new Error(`${found} agents run, not ${count}`);
}

/**
 * Fails unless a process of this name is alive in each project's container now, whoever says what: a launcher's or a runner's
 * word must not be all that is measured.
 */
export async function expectProcesses(
  stack: Stack,
  names: readonly string[],
  process: string,
): Promise<void> {
  const containers = names.map((name) => `berth-${stack.install}-${name}`);
  const pids = await stack.docker("inspect", "--format", "{{.State.Pid}}", ...containers);
  const without = pids
    .split("\n")
    .filter((pid) => !descendantsOf(Number(pid)).some((each) => nameOf(each) === process));
  if (without.length > 0) throw new Error(`${without.length} containers have no ${process}`);
}

function descendantsOf(pid: number): readonly number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)]);
}

function nameOf(pid: number): string {
  return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
}

/** Removes the projects with their volumes, so that the next round begins from nothing. */
export async function removeProjects(stack: Stack, names: readonly string[]): Promise<void> {
  await eachOf(names, 8, (name) => stack.ok("remove", name, "--volumes", "-y"));
}

/** Sum of a metric's samples whose labels include `labels`. */
export async function metric(stack: Stack, name: string, labels = ""): Promise<number> {
  const { body } = await stack.get("/metrics");
  return body
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`) && line.includes(labels))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}

/** CPU time a process of the host has used, in ms. */
export function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // utime and stime, in ticks of 10 ms
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

const MIB = 1024;

/** Resident and private memory of a process of the host, in MiB. */
export function memoryOf(pid: number): Readonly<{ resident: number; privately: number }> {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const kib = (key: string): number =>
    Number(new RegExp(`^${key}:\\s+(\\d+)`, "m").exec(rollup)?.[1]);
  return {
    resident: kib("Rss") / MIB,
    privately: (kib("Private_Clean") + kib("Private_Dirty")) / MIB,
  };
}

/** Children of a process of the host, over all its threads. */
export function childrenOf(pid: number): readonly number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8")
      .split(" ")
      .filter(Boolean)
      .map(Number),
  );
}
