/** Files in memory as the engine is told of them, and as it tells of them: options of mount in one text. */
import type { TmpfsSpec } from "../model/desired.ts";

/** The engine mounts one of its own here unless it is told otherwise. */
export const SHM_TARGET = "/dev/shm";

export function tmpfsField({ options, sizeBytes, inodes }: TmpfsSpec): string {
  return `${options},size=${sizeBytes},nr_inodes=${inodes}`;
}

const SIZE = /(?:^|,)size=(\d+)([kmg]?)(?:,|$)/i;
const UNIT: Readonly<Record<string, number>> = { "": 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

/** What all of a container's tmpfs may hold; infinite where one has no size of its own. */
export function tmpfsBytes(
  tmpfs: Readonly<Record<string, string>> | null | undefined,
  shmSize: number | undefined,
): number {
  const mounts = tmpfs ?? {};
  const sizes = Object.values(mounts).map((options) => {
    const [, count, unit = ""] = SIZE.exec(options) ?? [];
    return count === undefined ? Infinity : Number(count) * (UNIT[unit.toLowerCase()] ?? 1);
  });
  const engines = SHM_TARGET in mounts ? 0 : (shmSize ?? 0);
  return sizes.reduce((sum, size) => sum + size, engines);
}
