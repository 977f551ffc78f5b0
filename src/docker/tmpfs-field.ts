/** Files in memory as the engine is told of them, and as it tells of them: options of mount in one text. */
import type { TmpfsSpec } from "../model/desired.ts";
import { heldBytes } from "../model/tmpfs.ts";

export function tmpfsField({ options, sizeBytes, inodes }: TmpfsSpec): string {
  return `${options},size=${sizeBytes},nr_inodes=${inodes}`;
}

const SIZE = /(?:^|,)size=(\d+)([kmg]?)(?:,|$)/i;
const UNIT: Readonly<Record<string, number>> = { "": 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

/** What a container's tmpfs but /dev/shm may hold; infinite where one has no size of its own. */
export function tmpfsBytes(tmpfs: Readonly<Record<string, string>> | null | undefined): number {
  return heldBytes(
    Object.entries(tmpfs ?? {}).map(([target, options]) => {
      const [, count, unit = ""] = SIZE.exec(options) ?? [];
      const sizeBytes =
        count === undefined ? Infinity : Number(count) * (UNIT[unit.toLowerCase()] ?? 1);
      return { target, sizeBytes };
    }),
  );
}
