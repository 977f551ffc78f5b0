/** What a project used between two readings of its cgroup's counters, as one slot of usage history. */
import type { CgroupSample } from "../model/observed.ts";
import { HOST, type UsageSlot } from "../model/usage.ts";

/** A runner's word at one moment. */
export interface Reading {
  readonly sample: CgroupSample;
  /** Restarts of all its agents so far. */
  readonly restarts: number;
}

export interface Waiting {
  readonly queueDepth: number;
  readonly waitSeconds: number;
}

export interface Slot {
  readonly project: string;
  /** Begin of the slot, milliseconds since the epoch. */
  readonly at: number;
}

/** Null when nothing new was heard: a gap is the truth. A counter that fell began anew with its container. */
export function measure(
  slot: Slot,
  [before, now]: readonly [Reading | undefined, Reading | null],
  waiting: Waiting,
): UsageSlot | null {
  if (now === null || before?.sample.at === now.sample.at) return null;
  const { sample } = now;
  const cpus = rate(before?.sample, sample, "cpuUsageMs");
  return {
    ...slot,
    cpus,
    cpusMax: cpus,
    memoryBytes: sample.memoryWorkingSetBytes,
    memoryMaxBytes: sample.memoryWorkingSetBytes,
    memoryLimitBytes: sample.memoryLimitBytes,
    throttledCpus: rate(before?.sample, sample, "cpuThrottledMs"),
    pids: sample.pidsCurrent,
    restarts: rise(before?.restarts, now.restarts),
    oomKills: rise(before?.sample.oomKills, sample.oomKills),
    ...waiting,
  };
}

/** A resting container is told of every 10 s, so that a word may fall just outside a slot of 10 s. */
const LATE_MS = 2_000;

/** The slot of a project of which nothing new was heard, but lately: as the one before, since news would have been told. */
export function goesOn(
  slot: Slot,
  { last, now }: Readonly<{ last: UsageSlot | undefined; now: Reading | null }>,
  waiting: Waiting,
): UsageSlot | null {
  if (last === undefined || now === null || now.sample.at < slot.at - LATE_MS) return null;
  return { ...last, ...slot, restarts: 0, oomKills: 0, ...waiting };
}

function rate(
  before: CgroupSample | undefined,
  now: CgroupSample,
  counter: "cpuUsageMs" | "cpuThrottledMs",
): number | null {
  const then = before?.[counter];
  const value = now[counter];
  if (before === undefined || then === null || then === undefined || value === null) return null;
  return value < then || now.at <= before.at ? null : (value - then) / (now.at - before.at);
}

function rise(before: number | null | undefined, now: number | null): number {
  if (before === null || before === undefined || now === null) return 0;
  return now < before ? now : now - before;
}

/** All projects of one slot as the host's own: sums, and the longest wait. Null when nothing was heard of anybody. */
export function hostSlot(at: number, slots: readonly UsageSlot[]): UsageSlot | null {
  if (slots.length === 0) return null;
  const cpus = sum(slots, "cpus");
  const memoryBytes = sum(slots, "memoryBytes");
  return {
    project: HOST,
    at,
    cpus,
    cpusMax: cpus,
    memoryBytes,
    memoryMaxBytes: memoryBytes,
    memoryLimitBytes: sum(slots, "memoryLimitBytes"),
    throttledCpus: sum(slots, "throttledCpus"),
    pids: sum(slots, "pids"),
    restarts: sum(slots, "restarts") ?? 0,
    oomKills: sum(slots, "oomKills") ?? 0,
    queueDepth: sum(slots, "queueDepth") ?? 0,
    waitSeconds: Math.max(...slots.map(({ waitSeconds }) => waitSeconds)),
  };
}

type Summed = Exclude<keyof UsageSlot, "project" | "at">;

/** Of those that are known; null when none is. */
function sum(slots: readonly UsageSlot[], field: Summed): number | null {
  const known = slots.flatMap((slot) => slot[field] ?? []);
  return known.length === 0 ? null : known.reduce((total, value) => total + value, 0);
}
