/** Amounts as people read them in a sentence: rounded, unlike base/bytes, whose text must read back exactly. */

const UNITS = [
  ["TiB", 2 ** 40],
  ["GiB", 2 ** 30],
  ["MiB", 2 ** 20],
  ["KiB", 2 ** 10],
] as const;

/** `1536 MiB` reads `1.5GiB`; two decimals at most. */
export function showBytes(bytes: number): string {
  for (const [unit, size] of UNITS) {
    if (Math.abs(bytes) >= size) return `${Number((bytes / size).toFixed(2))}${unit}`;
  }
  return `${bytes}B`;
}

/** Nanoseconds of CPU per second as CPUs: 1500000000 reads `1.5`. */
export function showCpus(nanoCpus: number): string {
  return String(Number((nanoCpus / 1e9).toFixed(3)));
}
