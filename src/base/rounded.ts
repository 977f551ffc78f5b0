/** Amounts rounded for people, as a number and its unit: how the two are joined and worded is for who shows them. */
import { BYTE_UNITS, type ByteUnit } from "./bytes.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Two digits at least, at most one of them behind the point: `[1.5, "GiB"]`, `[128, "MiB"]`. */
export function roundedSize(bytes: number): readonly [amount: number, unit: ByteUnit] {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return [value >= 10 ? Math.round(value) : Math.round(value * 10) / 10, BYTE_UNITS[unit] ?? "B"];
}

/** Whole units, of which there are two at least before the next greater one is used: `[119, "s"]`, `[2, "m"]`. */
export function roundedAge(ms: number): readonly [amount: number, unit: "s" | "m" | "h" | "d"] {
  const age = Math.max(0, ms);
  if (age < 2 * MINUTE) return [Math.floor(age / SECOND), "s"];
  if (age < 2 * HOUR) return [Math.floor(age / MINUTE), "m"];
  if (age < 2 * DAY) return [Math.floor(age / HOUR), "h"];
  return [Math.floor(age / DAY), "d"];
}
