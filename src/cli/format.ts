/** Numbers for people: rounded sizes, ages, shares. Exact values are in `-o json`. */
import { formatDuration } from "../base/duration.ts";
import { roundedAge, roundedSize } from "../base/rounded.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** `128MiB`, `1.5GiB`; `?` for what is unknown. */
export function sizeText(bytes: number | null): string {
  return bytes === null ? "?" : roundedSize(bytes).join("");
}

/** `4s`, `12m`, `3h`, `9d`. */
export function ageText(ms: number): string {
  return roundedAge(ms).join("");
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
