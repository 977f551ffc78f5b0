/** What the benches declare: projects that do nothing, so that only starting and keeping them is measured. */
import { randomInt } from "node:crypto";
import { IMAGE } from "../support/samples.ts";

/** One project's limits, on every side the same: as in the README, but for the memory, so that a hundred fit anywhere. */
export const LIMITS = { cpus: 1, memoryMiB: 64, pids: 64 } as const;

/** A /20 that no other bench is likely to use: 256 /28s. */
export function somePool(): Readonly<{ pool: string; subnet(index: number): string }> {
  const second = randomInt(16, 250);
  const third = randomInt(0, 16) * 16;
  return {
    pool: `10.${second}.${third}.0/20`,
    subnet: (index) => `10.${second}.${third + Math.floor(index / 16)}.${(index % 16) * 16}/28`,
  };
}

/** Names of `count` projects. */
export function namesOf(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `bench-${index}`);
}

export interface Declared {
  readonly pool: string;
  readonly names: readonly string[];
  readonly agents: string;
  /** Of the host's agent pool. */
  readonly slots?: number;
  /** Agents of a project at once, tasks included, and pids, of which a process needs one and its start a few. */
  readonly atOnce?: number;
  readonly pids?: number;
  /** As YAML, for each. */
  readonly idle?: string;
}

/** A host file with the projects inline, each with the same agents. */
export function hostFile({ pool, names, agents, ...sizes }: Declared): string {
  const { slots = 16, atOnce = 8, pids = LIMITS.pids } = sizes;
  return `api_version: berth/v1
host:
  reserve: { cpus: 0.1, memory: 256MiB, disk: 100MiB }
  network_pool: ${pool}
  agents: ${slots}
defaults:
  image: "${IMAGE}"
  limits: { cpus: ${LIMITS.cpus}, memory: ${LIMITS.memoryMiB}MiB, pids: ${pids}, agents: ${atOnce} }
projects:
${projectsText({ names, agents, ...sizes })}`;
}

/** The projects alone, to go on with a host file. */
export function projectsText({ names, agents, idle }: Omit<Declared, "pool">): string {
  const rests = idle === undefined ? "" : `    idle: ${idle}\n`;
  return names.map((name) => `  ${name}:\n${rests}    agents:\n${agents}`).join("");
}

/** An agent as one line of YAML. */
export function agent(name: string, command: readonly string[], replicas = 1): string {
  return `      ${name}: { command: ${JSON.stringify(command)}, replicas: ${replicas}, restart: { policy: always, backoff: 0s, max: 1000 }, stop_grace_period: 1s }\n`;
}

export const SLEEP = ["sleep", "infinity"] as const;
