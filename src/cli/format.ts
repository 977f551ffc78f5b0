/** Numbers for people: rounded sizes, ages, shares. Exact values are in `-o json`. */
import { formatDuration } from "../base/duration.ts";

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `128MiB`, `1.5GiB`; `?` for what is unknown. */
export function sizeText(bytes: number | null): string {
  if (bytes === null) return "?";
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const rounded = value >= 10 ? Math.round(value) : Math.round(value * 10) / 10;
  return `${rounded}${UNITS[unit] ?? "B"}`;
}

/** `4s`, `12m`, `3h`, `9d`. */
export function ageText(ms: number): string {
  const age = Math.max(0, ms);
  if (age < 2 * MINUTE) return `${Math.floor(age / SECOND)}s`;
  if (age < 2 * HOUR) return `${Math.floor(age / MINUTE)}m`;
  if (age < 2 * DAY) return `${Math.floor(age / HOUR)}h`;
  return `${Math.floor(age / DAY)}d`;
}

/** How long something takes: `450ms`, `3.2s`, `2m10s`. */
export function spanText(ms: number): string {
  if (ms < SECOND) return `${Math.max(0, Math.round(ms))}ms`;
  if (ms < MINUTE) return `${Math.round(ms / 100) / 10}s`;
  return formatDuration(Math.round(ms / SECOND) * SECOND);
}

/** `12.5%`; `?` for what is unknown. */
export function percentText(percent: number | null): string {
  return percent === null ? "?" : `${Math.round(percent * 10) / 10}%`;
}

/** `2026-11-22 13:15:24` in the terminal's time zone. */
export function timeText(at: number): string {
  const time = new Date(at);
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
