/** Options that are durations or moments. */
import { parseDuration } from "../base/duration.ts";
import { type Given, usage } from "./context.ts";

/** Milliseconds of `--name`, or the default; throws usage. */
export function durationOf(given: Given, name: string, otherwiseMs: number): number {
  const text = given.text(name);
  if (text === null) return otherwiseMs;
  const ms = parseDuration(text);
  if (ms === null || ms <= 0)
    throw usage(`--${name} ${text} is not a duration`, "for instance 30s, 5m or 1h30m");
  return ms;
}

/** Milliseconds since the epoch of `--name`: a time, or a duration back from now; null when absent. Throws usage. */
export function momentOf(given: Given, name: string, now: number): number | null {
  const text = given.text(name);
  if (text === null) return null;
  const back = parseDuration(text);
  if (back !== null) return now - back;
  const at = Date.parse(text);
  if (Number.isNaN(at) || !/^\d{4}-/.test(text))
    throw usage(
      `--${name} ${text} is neither a time nor a duration`,
      "for instance 10m, 2026-01-31 or 2026-01-31T12:00:00Z",
    );
  return Math.max(0, at);
}

/** Milliseconds since the epoch of `--name`: a time, or a duration from now on; null when absent. Throws usage. */
export function futureOf(given: Given, name: string, now: number): number | null {
  const text = given.text(name);
  const ahead = text === null ? null : parseDuration(text);
  return ahead === null ? momentOf(given, name, now) : now + ahead;
}

/** A deadline as it was said: an instant, or a duration from now on, which is the daemon's to add. Throws usage. */
export function aheadOf(
  given: Given,
  name: string,
): Readonly<{ deadlineAt?: number; deadlineMs?: number }> {
  const text = given.text(name);
  if (text === null) return {};
  const ahead = parseDuration(text);
  if (ahead === 0) throw usage(`--${name} ${text} leaves no time`, "for instance 10m");
  if (ahead !== null) return { deadlineMs: ahead };
  return { deadlineAt: momentOf(given, name, 0) ?? 0 };
}

/** A whole number of `--name`, at least 0; null when absent. Throws usage. */
export function countOf(given: Given, name: string): number | null {
  const text = given.text(name);
  if (text === null) return null;
  if (!/^\d{1,9}$/.test(text)) throw usage(`--${name} ${text} is not a whole number`);
  return Number(text);
}
