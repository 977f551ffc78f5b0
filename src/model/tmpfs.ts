/** Files in memory: their pages stay charged to a container when an agent is killed, so together they must leave room in its limit. */

const MIB = 2 ** 20;

/** What a file costs the kernel beside its content (an empty one: 946 bytes on kernel 6.18). */
const INODE_BYTES = 1024;
/** Memory for each inode there may be: an eighth on top of the content, and no project was seen with files that small. */
const BYTES_PER_INODE = 8192;

/** The part of the memory limit all files in memory of a new container may take; with their inodes three eighths. */
const SHARE = 1 / 3;
/**
 * What the runner, its init and small agents need beside it: at 64 MiB with everything full 20 MiB were enough, 5 of them
 * left. With the share above the limit of a container of 160 MiB or more can be halved while it runs.
 */
const ROOM_BYTES = 20 * MIB;

export function inodesFor(sizeBytes: number): number {
  return Math.max(1, Math.floor(sizeBytes / BYTES_PER_INODE));
}

/** What the tmpfs of a container with this limit may have together when it is created. */
export function tmpfsBudget(memoryBytes: number): number {
  return Math.floor(memoryBytes * SHARE);
}

/** Whether a container keeps running when its tmpfs of this size are full; what was made for this very limit does. */
export function tmpfsFits(tmpfsBytes: number, memoryBytes: number): boolean {
  const fullBytes = tmpfsBytes * (1 + INODE_BYTES / BYTES_PER_INODE);
  return tmpfsBytes <= tmpfsBudget(memoryBytes) || fullBytes <= memoryBytes - ROOM_BYTES;
}
