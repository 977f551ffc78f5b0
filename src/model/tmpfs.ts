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

/** Sizes where memory allows: 16 MiB are 60 payloads at once; the others are what builds were seen to need. */
export const WANTED_BYTES = {
  tmp: 256 * MIB,
  varTmp: 64 * MIB,
  run: 16 * MIB,
  declared: 256 * MIB,
} as const;
/** Mounted in every container; of one of them `tmpfs:` says nothing new. */
const ALWAYS: readonly string[] = ["/tmp", "/var/tmp", "/run", "/dev/shm"];

export function inodesFor(sizeBytes: number): number {
  return Math.max(1, Math.floor(sizeBytes / BYTES_PER_INODE));
}

/** What the tmpfs of a container with this limit may have together when it is created. */
export function tmpfsBudget(memoryBytes: number): number {
  return Math.floor(memoryBytes * SHARE);
}

/** Paths of `tmpfs:` that are mounted for it. */
export function declaredTmpfs(paths: readonly string[]): readonly string[] {
  return paths.filter((path) => !ALWAYS.includes(path));
}

/** What all but /run and /dev/shm want together. */
export function wantedBytes(paths: readonly string[]): number {
  const { tmp, varTmp, declared } = WANTED_BYTES;
  return tmp + varTmp + declaredTmpfs(paths).length * declared;
}

/** /run, to which a tight budget goes by a third. */
export function runBytes(memoryBytes: number): number {
  return Math.min(WANTED_BYTES.run, tmpfsBudget(memoryBytes) / 3);
}

/** The most /dev/shm can have: a third of a tight budget, else all that nobody else wants. `paths` are those of `tmpfs:`. */
export function shmRoom(memoryBytes: number, paths: readonly string[]): number {
  const budget = tmpfsBudget(memoryBytes);
  return Math.max(budget / 3, budget - runBytes(memoryBytes) - wantedBytes(paths));
}

/** The least memory limit with which /dev/shm has this size, in whole MiB. */
export function memoryForShm(shmBytes: number, paths: readonly string[]): number {
  const shared = shmBytes / SHARE / SHARE;
  const unshared = (shmBytes + WANTED_BYTES.run + wantedBytes(paths)) / SHARE;
  return Math.ceil(Math.min(shared, unshared) / MIB) * MIB;
}

/** Whether a container keeps running when its tmpfs of this size are full; what was made for this very limit does. */
export function tmpfsFits(tmpfsBytes: number, memoryBytes: number): boolean {
  const fullBytes = tmpfsBytes * (1 + INODE_BYTES / BYTES_PER_INODE);
  return tmpfsBytes <= tmpfsBudget(memoryBytes) || fullBytes <= memoryBytes - ROOM_BYTES;
}
