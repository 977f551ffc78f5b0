/** Who is alive in this container, by marker group: what /proc tells about processes that may not want to be found. */
import { closeSync, openSync, readdirSync, readSync } from "node:fs";

export interface FoundProcess {
  readonly pid: number;
  readonly marker: number;
  readonly rssBytes: number;
}

/** Markers are supplementary groups from here on: above any group a distribution or a person gives out. */
export const FIRST_MARKER = 1_000_000_000;

/** A status file is about 1.5 KiB; its Groups line is in the first KiB unless a user has hundreds of groups. */
const buffer = Buffer.alloc(16_384);

/** Every living process that bears a marker `wanted` accepts. */
export function findMarked(wanted: (marker: number) => boolean): FoundProcess[] {
  const found: FoundProcess[] = [];
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!(pid > 1) || pid === process.pid) continue;
    const text = readProc(`/proc/${name}/status`);
    if (text === null) continue;
    const marked = parseStatus(text);
    if (marked !== null && wanted(marked.marker)) found.push({ pid, ...marked });
  }
  return found;
}

/** Marker and memory of one status file; null for a dead process or one without a marker. */
export function parseStatus(text: string): Readonly<{ marker: number; rssBytes: number }> | null {
  if (isDead(text)) return null;
  const groups = /^Groups:[ \t]*(.*)$/m.exec(text)?.[1] ?? "";
  const marker = groups
    .split(" ")
    .map(Number)
    .find((gid) => gid >= FIRST_MARKER);
  if (marker === undefined) return null;
  const rss = /^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1];
  return { marker, rssBytes: Number(rss ?? 0) * 1024 };
}

/** A zombie is dead, and its parent reaps it; unless only its first thread has ended and another one goes on. */
function isDead(status: string): boolean {
  return /^State:\s+[ZX]/m.test(status) && !(threadsOf(status) > 1);
}

function threadsOf(status: string): number {
  return Number(/^Threads:\s+(\d+)$/m.exec(status)?.[1] ?? 0);
}

/** CPU time of a process and the children it reaped, in milliseconds; 0 when it is gone. */
export function cpuMsOf(pid: number): number {
  const text = readProc(`/proc/${pid}/stat`);
  return text === null ? 0 : parseCpuMs(text);
}

/** USER_HZ is 100 on every Linux that Docker runs on: one tick is 10 ms. */
export function parseCpuMs(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at] ?? 0), 0);
  return ticks * 10;
}

function readProc(path: string): string | null {
  try {
    const fd = openSync(path, "r");
    try {
      return buffer.toString("latin1", 0, readSync(fd, buffer));
    } finally {
      closeSync(fd);
    }
  } catch {
    return null;
  }
}
