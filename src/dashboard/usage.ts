/** What projects used lately, sample by sample, for the charts: live ones as they come, older ones from the history. */
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { ApiProject } from "../schema/api-project.ts";

export interface UsageSample {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Percent of one core. */
  readonly cpuPercent: number | null;
  readonly memoryBytes: number | null;
  readonly pids: number | null;
}

/** An hour of live samples, one each 5 s. */
const SAMPLES_MAX = 720;

const samples = new Map<string, Signal<readonly UsageSample[]>>();
const lastCpuMs = new Map<string, number | null>();

/** Oldest first. */
export function samplesOf(name: string): ReadonlySignal<readonly UsageSample[]> {
  return samplesSignal(name);
}

/** A view brings a sample only if its runner spoke since the last one: its CPU clock then moved. */
export function keepSample({ name, usage }: ApiProject, at: number): void {
  if (usage.cpuMs !== null && lastCpuMs.get(name) === usage.cpuMs) return;
  lastCpuMs.set(name, usage.cpuMs);
  const kept = samplesSignal(name);
  const { cpuPercent, memoryBytes, pids } = usage;
  kept.value = [...kept.peek().slice(1 - SAMPLES_MAX), { at, cpuPercent, memoryBytes, pids }];
}

/** Puts older samples before the live ones. */
export function prependSamples(name: string, older: readonly UsageSample[]): void {
  const kept = samplesSignal(name);
  const first = kept.peek()[0]?.at ?? Infinity;
  kept.value = [...older.filter(({ at }) => at < first), ...kept.peek()];
}

function samplesSignal(name: string): Signal<readonly UsageSample[]> {
  const known = samples.get(name);
  if (known !== undefined) return known;
  const made = signal<readonly UsageSample[]>([]);
  samples.set(name, made);
  return made;
}
