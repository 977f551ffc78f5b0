/** CPU time of everything that takes part in a task, part by part: processes by their pid, containers by their cgroup. */
import { readFileSync } from "node:fs";
import type { Stack } from "../support/stack.ts";
import { childrenOf, cpuMsOf } from "./stacks.ts";

/** Milliseconds of CPU by part. `processes` is what is left of the containers: what the launcher forked, and PID 1. */
export interface CpuParts {
  readonly processes: number;
  readonly launcher: number;
  readonly runner: number;
  readonly daemon: number;
  readonly postgres: number;
}

export interface CpuMeter {
  read(): CpuParts;
}

/** A meter of these projects' containers and what serves them. */
export async function cpuMeter(stack: Stack, projects: readonly string[]): Promise<CpuMeter> {
  const inits = await Promise.all(
    projects.map((project) => initOf(stack, `berth-${stack.install}-${project}`)),
  );
  const runners = inits.flatMap(childrenOf);
  const launchers = runners.flatMap(childrenOf);
  const postgres = await initAt(stack, stack.postgres.host);
  const daemon = stack.daemonPid();
  return {
    read() {
      const runner = sum(runners.map(cpuMsOf));
      const launcher = sum(launchers.map(cpuMsOf));
      return {
        processes: sum(inits.map(cgroupMsOf)) - runner - launcher,
        launcher,
        runner,
        daemon: cpuMsOf(daemon),
        postgres: cgroupMsOf(postgres),
      };
    },
  };
}

/** What each part took between two readings, for each of `count` things. */
export function perThing(before: CpuParts, after: CpuParts, count: number): CpuParts {
  const each = (part: keyof CpuParts): number => (after[part] - before[part]) / count;
  return {
    processes: each("processes"),
    launcher: each("launcher"),
    runner: each("runner"),
    daemon: each("daemon"),
    postgres: each("postgres"),
  };
}

/** Of the containers alone. */
export function inContainers({ processes, launcher, runner }: CpuParts): number {
  return processes + launcher + runner;
}

async function initOf(stack: Stack, container: string): Promise<number> {
  return Number(await stack.docker("inspect", "--format", "{{.State.Pid}}", container));
}

/** PID 1 of the container that has this address: benches reach their Postgres at its own. */
async function initAt(stack: Stack, address: string): Promise<number> {
  const ids = (await stack.docker("ps", "--quiet")).split("\n");
  const format = "{{.State.Pid}} {{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}";
  const lines = (await stack.docker("inspect", "--format", format, ...ids)).split("\n");
  const found = lines
    .map((line) => line.trim().split(" "))
    .find(([, ...own]) => own.includes(address));
  if (found === undefined) throw new Error(`no container has the address ${address}`);
  return Number(found[0]);
}

/** CPU time of a process' whole cgroup so far, in ms, on v1 and v2. */
function cgroupMsOf(pid: number): number {
  const lines = readFileSync(`/proc/${pid}/cgroup`, "utf8").split("\n");
  const pathOf = (wanted: (controllers: string) => boolean): string | undefined =>
    lines.map((line) => line.split(":")).find(([, names = ""]) => wanted(names))?.[2];
  const v1 = pathOf((names) => names.split(",").includes("cpuacct"));
  if (v1 !== undefined)
    return Number(readFileSync(`/sys/fs/cgroup/cpuacct${v1}/cpuacct.usage`, "utf8")) / 1e6;
  const stat = readFileSync(`/sys/fs/cgroup${pathOf((names) => names === "")}/cpu.stat`, "utf8");
  return Number(/^usage_usec (\d+)$/m.exec(stat)?.[1]) / 1e3;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
