/** Durations as people write them (`10s`, `1h30m`) and as the program counts them: whole milliseconds. */

const UNIT_MS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;

/** Each unit at most once, largest first, so that `10m1h` is a mistake and not a sum. */
export const DURATION_PATTERN =
  /^(?=\d)(?:(\d{1,9}(?:\.\d{1,3})?)d)?(?:(\d{1,9}(?:\.\d{1,3})?)h)?(?:(\d{1,9}(?:\.\d{1,3})?)m(?!s))?(?:(\d{1,9}(?:\.\d{1,3})?)s)?(?:(\d{1,9})ms)?$/;

/** Milliseconds of a duration, or null when it is none. Only zero may stand without a unit. */
export function parseDuration(text: string): number | null {
  const trimmed = text.trim();
  if (trimmed === "0") return 0;
  const match = DURATION_PATTERN.exec(trimmed);
  if (match === null) return null;
  const ms = Object.values(UNIT_MS).reduce(
    (sum, unit, at) => sum + Number(match[at + 1] ?? 0) * unit,
    0,
  );
  return Number.isSafeInteger(Math.round(ms)) ? Math.round(ms) : null;
}

/** The shortest exact form: `1h30m`, `10s`, `500ms`, `0s`; `parseDuration` reads it back to the same number. */
export function formatDuration(ms: number): string {
  let rest = Math.round(ms);
  let text = "";
  for (const [unit, size] of Object.entries(UNIT_MS)) {
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text === "" ? "0s" : text;
}

/** For people: the two largest units, rounded down: `20d13h`, `3h12m`, `4s`. Days are the largest. */
export function roughDuration(ms: number): string {
  const units = formatDuration(Math.max(0, ms)).match(/\d+[a-z]+/g) ?? [];
  const whole = units.filter((unit) => !unit.endsWith("ms"));
  return (whole.length === 0 ? units : whole).slice(0, 2).join("");
}
