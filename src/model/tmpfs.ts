/** Files in memory: their pages stay charged to a container when an agent is killed, so together they must leave room in its limit. */

const MIB = 2 ** 20;

/** What a file costs the kernel beside its content (an empty one: 946 bytes on kernel 6.18). */
const INODE_BYTES = 1024;
/** Memory for each inode there may be: an eighth on top of the content, and no project was seen with files that small. */
const BYTES_PER_INODE = 8192;

/** The part of the memory limit that files in memory of a new container may take, /dev/shm aside; with their inodes three eighths. */
const SHARE = 1 / 3;
/**
 * What the runner, its init and small agents need beside it: at 64 MiB with everything full 20 MiB were enough, 5 of them
 * left. With the share above the limit of a container of 160 MiB or more can be halved while it runs.
 */
const ROOM_BYTES = 20 * MIB;
/** And beside a full /dev/shm: what shares memory through it needs some of its own. */
const ROOM_BESIDE_SHM_BYTES = 32 * MIB;

/** Sizes where memory allows: 16 MiB are 60 payloads at once; the others are what builds were seen to need. */
export const WANTED_BYTES = {
  tmp: 256 * MIB,
  varTmp: 64 * MIB,
  run: 16 * MIB,
  declared: 256 * MIB,
} as const;
/** The engine mounts one of its own here unless it is told otherwise. */
export const SHM_TARGET = "/dev/shm";
/** Mounted in every container; of one of them `tmpfs:` says nothing new. */
const ALWAYS: readonly string[] = ["/tmp", "/var/tmp", "/run", SHM_TARGET];

export function inodesFor(sizeBytes: number): number {
  return Math.max(1, Math.floor(sizeBytes / BYTES_PER_INODE));
}

/** What the tmpfs of a container with this limit may have together when it is created; a large /dev/shm comes on top. */
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

/** The size of /dev/shm is declared: it is given up to half of the limit, and where the others and the runner keep their room. */
export function shmRoom(memoryBytes: number): number {
  const others = runBytes(memoryBytes) + tmpfsBudget(memoryBytes) / 3;
  return Math.min(memoryBytes / 2, fullBytes(memoryBytes, ROOM_BESIDE_SHM_BYTES) - others);
}

/** For all but /run and /dev/shm: what those leave of the share, or a third of it where /dev/shm is large. */
export function leftBytes(memoryBytes: number, shmBytes: number): number {
  const budget = tmpfsBudget(memoryBytes);
  const run = runBytes(memoryBytes);
  const wished = Math.max(budget - run - shmBytes, budget / 3);
  return Math.min(wished, fullBytes(memoryBytes) - run - shmBytes);
}

/** What files in memory may hold for the runner to keep its room when all of them are full. */
function fullBytes(memoryBytes: number, room = ROOM_BYTES): number {
  return (memoryBytes - room) / (1 + INODE_BYTES / BYTES_PER_INODE);
}

/** What counts when a limit is lowered: all but /dev/shm, whose size somebody declared and a lower limit does not change. */
export function heldBytes(
  tmpfs: readonly Readonly<{ target: string; sizeBytes: number }>[],
): number {
  return tmpfs
    .filter(({ target }) => target !== SHM_TARGET)
    .reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/** Whether a container keeps running when its tmpfs (`heldBytes`) are full; what was made for this very limit does. */
export function tmpfsFits(held: number, memoryBytes: number): boolean {
  return held <= tmpfsBudget(memoryBytes) || held <= fullBytes(memoryBytes);
}
