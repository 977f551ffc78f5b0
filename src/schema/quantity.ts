/** Quantities of a declaration: sizes become bytes, durations milliseconds, priority words numbers. */
import { z } from "zod";
import { BYTES_PATTERN, formatBytes, parseBytes } from "../base/bytes.ts";
import { DURATION_PATTERN, formatDuration, parseDuration } from "../base/duration.ts";

const SIZE_RULE = "must be a size such as 512MiB or 1GiB";
const DURATION_RULE = "must be a duration such as 10s, 500ms or 1h30m";

/** A size between two bounds, in bytes. */
export function bytes(min: number, max: number) {
  return z
    .union([z.string().regex(BYTES_PATTERN, { error: SIZE_RULE }), z.int().nonnegative()], {
      error: SIZE_RULE,
    })
    .transform((value, context) => {
      const parsed = parseBytes(String(value));
      if (parsed !== null && parsed >= min && parsed <= max) return parsed;
      const message =
        parsed !== null && parsed < min
          ? `must be ≥ ${formatBytes(min)}`
          : `must be ≤ ${formatBytes(max)}`;
      context.addIssue({ code: "custom", message });
      return z.NEVER;
    });
}

/** A duration between two bounds, in milliseconds. */
export function duration(minMs: number, maxMs: number) {
  return z
    .union([z.string().regex(DURATION_PATTERN, { error: DURATION_RULE }), z.literal(0)], {
      error: DURATION_RULE,
    })
    .transform((value, context) => {
      const parsed = parseDuration(String(value));
      if (parsed !== null && parsed >= minMs && parsed <= maxMs) return parsed;
      const low = parsed !== null && parsed < minMs;
      context.addIssue({
        code: "custom",
        message: low ? `must be ≥ ${formatDuration(minMs)}` : `must be ≤ ${formatDuration(maxMs)}`,
      });
      return z.NEVER;
    });
}

/** A whole number between two bounds. */
export function count(min: number, max: number) {
  return z.int().min(min).max(max);
}

/** Engines take CPUs in billionths and the kernel enforces them per 100 ms: 0.01 is the least that means anything. */
const CPUS_MIN = 0.01;
const CPUS_MAX = 1024;
export const cpus = z.number().min(CPUS_MIN).max(CPUS_MAX);

export const PRIORITY_WORDS = { low: 100, normal: 500, high: 750, critical: 1000 } as const;

export const priority = z
  .union([z.enum(["low", "normal", "high", "critical"]), count(0, 1000)], {
    error: "must be low, normal, high, critical or a number from 0 to 1000",
  })
  .transform((value) => (typeof value === "number" ? value : PRIORITY_WORDS[value]));
