/** A container's files in memory: where, how mounted, and how large, so that all of them full leave room in its memory limit. */
import type { TmpfsSpec } from "../model/desired.ts";
import { inodesFor, tmpfsBudget } from "../model/tmpfs.ts";
import type { ProjectSpec } from "../model/project.ts";

const MIB = 2 ** 20;
const PAGE_BYTES = 4096;

type Mount = Pick<TmpfsSpec, "target" | "options">;

const TMP: Mount = { target: "/tmp", options: "rw,exec,nosuid,nodev,mode=1777" };
const VAR_TMP: Mount = { target: "/var/tmp", options: "rw,noexec,nosuid,nodev,mode=1777" };
/** Secrets, payloads of tasks (256 KiB each), what agents speak through. */
const RUN: Mount = { target: "/run", options: "rw,noexec,nosuid,nodev,mode=755" };
/** Mounted by us rather than by its size alone: the engine would leave its inodes unbounded. */
const SHM: Mount = { target: "/dev/shm", options: "rw,noexec,nosuid,nodev,mode=1777" };
const DECLARED_OPTIONS = "rw,noexec,nosuid,nodev,mode=1777";

/** Sizes where memory allows: 16 MiB are 60 payloads at once; the others are what builds were seen to need. */
const WANTED_BYTES = { tmp: 256 * MIB, varTmp: 64 * MIB, run: 16 * MIB, declared: 256 * MIB };

/** Where they are and how mounted, in mount order: what of them only a new container can change. */
export function tmpfsMounts({ tmpfs }: ProjectSpec): readonly Mount[] {
  return [TMP, VAR_TMP, RUN, SHM, ...declaredMounts(tmpfs)];
}

/**
 * With the sizes that the memory limit allows at this moment. A tight budget goes to /run and /dev/shm by a third each at
 * most, since those have a purpose somebody named; the rest shrink alike.
 */
export function sizeTmpfs(spec: ProjectSpec, memoryBytes: number): readonly TmpfsSpec[] {
  const budget = tmpfsBudget(memoryBytes);
  const declared = declaredMounts(spec.tmpfs);
  const { tmp, varTmp } = WANTED_BYTES;
  const wanted = tmp + varTmp + declared.length * WANTED_BYTES.declared;
  const run = Math.min(WANTED_BYTES.run, budget / 3);
  const shm = Math.min(spec.limits.shmBytes, Math.max(budget / 3, budget - run - wanted));
  const scale = Math.min(1, (budget - run - shm) / wanted);
  return [
    sized(TMP, tmp * scale),
    sized(VAR_TMP, varTmp * scale),
    sized(RUN, run),
    sized(SHM, shm),
    ...declared.map((mount) => sized(mount, WANTED_BYTES.declared * scale)),
  ];
}

/** Of a path that is mounted anyway the declaration says nothing new. */
function declaredMounts(paths: readonly string[]): readonly Mount[] {
  const own = new Set([TMP, VAR_TMP, RUN, SHM].map(({ target }) => target));
  return paths
    .filter((path) => !own.has(path))
    .map((target) => ({ target, options: DECLARED_OPTIONS }));
}

function sized(mount: Mount, bytes: number): TmpfsSpec {
  const sizeBytes = Math.max(PAGE_BYTES, Math.floor(bytes / PAGE_BYTES) * PAGE_BYTES);
  return { ...mount, sizeBytes, inodes: inodesFor(sizeBytes) };
}
