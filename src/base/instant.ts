/** Instants as people read them in sentences of the daemon, which knows no reader's time zone: UTC, whole seconds. */

/** What a Date can hold, in milliseconds from the epoch. */
const FARTHEST_MS = 8_640_000_000_000_000;

/** `2026-11-22T03:00:00Z`; the bare number when it is no instant at all. */
export function instantText(at: number): string {
  if (!Number.isFinite(at) || Math.abs(at) > FARTHEST_MS) return String(at);
  return new Date(at).toISOString().replace(/\.\d+Z$/, "Z");
}
