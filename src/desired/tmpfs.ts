/** A container's files in memory: where, how mounted, and how large, so that all of them full leave room in its memory limit. */
import type { TmpfsSpec } from "../model/desired.ts";
import {
  declaredTmpfs,
  inodesFor,
  leftBytes,
  runBytes,
  SHM_TARGET,
  shmRoom,
  WANTED_BYTES,
  wantedBytes,
} from "../model/tmpfs.ts";
import type { ProjectSpec } from "../model/project.ts";

const PAGE_BYTES = 4096;

type Mount = Pick<TmpfsSpec, "target" | "options">;

const TMP: Mount = { target: "/tmp", options: "rw,exec,nosuid,nodev,mode=1777" };
const VAR_TMP: Mount = { target: "/var/tmp", options: "rw,noexec,nosuid,nodev,mode=1777" };
/** Secrets, payloads of tasks (256 KiB each), what agents speak through. */
const RUN: Mount = { target: "/run", options: "rw,noexec,nosuid,nodev,mode=755" };
/** Mounted by us rather than by its size alone: the engine would leave its inodes unbounded. */
const SHM: Mount = { target: SHM_TARGET, options: "rw,noexec,nosuid,nodev,mode=1777" };
const DECLARED_OPTIONS = "rw,noexec,nosuid,nodev,mode=1777";

/** Where they are and how mounted, in mount order: what of them only a new container can change. */
export function tmpfsMounts({ tmpfs }: ProjectSpec): readonly Mount[] {
  return [TMP, VAR_TMP, RUN, SHM, ...declaredMounts(tmpfs)];
}

/**
 * With the sizes that the memory limit allows at this moment: /dev/shm what is declared, of a tight budget a third at most
 * to /run; the rest shrink alike.
 */
export function sizeTmpfs(spec: ProjectSpec, memoryBytes: number): readonly TmpfsSpec[] {
  const { tmp, varTmp, declared } = WANTED_BYTES;
  const run = runBytes(memoryBytes);
  const shm = Math.min(spec.limits.shmBytes, shmRoom(memoryBytes));
  const scale = Math.min(1, leftBytes(memoryBytes, shm) / wantedBytes(spec.tmpfs));
  return [
    sized(TMP, tmp * scale),
    sized(VAR_TMP, varTmp * scale),
    sized(RUN, run),
    sized(SHM, shm),
    ...declaredMounts(spec.tmpfs).map((mount) => sized(mount, declared * scale)),
  ];
}

function declaredMounts(paths: readonly string[]): readonly Mount[] {
  return declaredTmpfs(paths).map((target) => ({ target, options: DECLARED_OPTIONS }));
}

function sized(mount: Mount, bytes: number): TmpfsSpec {
  const sizeBytes = Math.max(PAGE_BYTES, Math.floor(bytes / PAGE_BYTES) * PAGE_BYTES);
  return { ...mount, sizeBytes, inodes: inodesFor(sizeBytes) };
}
