/** Sizes as people write them (`512MiB`, `1g`) and as the program counts them: whole bytes. */

/** What `parseBytes` reads; every unit is a power of 1024, as Compose counts `512m`. No flag: it goes into a JSON Schema. */
export const BYTES_PATTERN = /^(\d{1,15}(?:\.\d{1,6})?)\s?([bB]|[kKmMgGtT](?:[iI]?[bB])?)?$/;

const POWER = { b: 0, k: 1, m: 2, g: 3, t: 4 } as const;
export const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;
export type ByteUnit = (typeof BYTE_UNITS)[number];

/** Whole bytes of a size, or null when it is none: no sign, no unknown unit, nothing past 2^53. A bare number is bytes. */
export function parseBytes(text: string): number | null {
  const match = BYTES_PATTERN.exec(text.trim());
  if (match === null) return null;
  const first = (match[2] ?? "b").charAt(0).toLowerCase();
  const power = Object.entries(POWER).find(([letter]) => letter === first)?.[1] ?? 0;
  const bytes = Math.round(Number(match[1]) * 1024 ** power);
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** The shortest exact form: `1GiB`, `1536MiB`, `1000B`; `parseBytes` reads it back to the same number. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value !== 0 && value % 1024 === 0 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value}${BYTE_UNITS[unit] ?? "B"}`;
}
