/** The container a project is to have: mounts, tmpfs, labels, limits, and the fingerprint that asks for a replacement. */
import { shortHash } from "../base/hash.ts";
import type { ContainerSpec, LimitValues, MountSpec } from "../model/desired.ts";
import type { DesiredVolume, InstallFacts } from "../model/desired-project.ts";
import { fingerprint } from "../model/fingerprint.ts";
import type { ProjectRecord } from "../model/project-record.ts";
import type { ProjectSpec } from "../model/project.ts";
import { imageVolumeKey, objectName, volumeName } from "./names.ts";
import { sizeTmpfs, tmpfsMounts } from "./tmpfs.ts";

const RUNNER_TARGET = "/.berth";
const SPOOL_TARGET = "/run/berth";
const WORKSPACE_TARGET = "/workspace";

/** Agents of every project go before the daemon and the stores when the host runs out of memory. */
const OOM_SCORE_ADJ = 200;

/** Weights are 1..1000 and shares 2..262144: times 256 keeps every ratio exact and never clamps. */
const SHARES_PER_WEIGHT = 256;

export interface Storage {
  readonly mounts: readonly MountSpec[];
  readonly volumes: readonly DesiredVolume[];
}

/** Limits in the engine's units, with the memory that was granted. */
export function limitValues(spec: ProjectSpec, memoryBytes: number): LimitValues {
  return {
    nanoCpus: Math.round(spec.limits.cpus * 1e9),
    memoryBytes,
    pids: spec.limits.pids,
    cpuShares: spec.weight * SHARES_PER_WEIGHT,
  };
}

/** Everything mounted but tmpfs: runner, spool, workspace, the image's VOLUME paths (else Docker adds nameless volumes). */
export function desireStorage(
  spec: ProjectSpec,
  install: InstallFacts,
  imageVolumes: readonly string[],
): Storage {
  const volumes: DesiredVolume[] = [];
  const claim = (key: string): string => {
    const name = volumeName(install.install, spec.name, key);
    volumes.push({ name, key });
    return name;
  };
  const mounts: MountSpec[] = [
    {
      kind: "volume",
      source: install.runnerVolume,
      target: RUNNER_TARGET,
      readOnly: true,
      subpath: null,
    },
    {
      kind: "volume",
      source: install.spoolVolume,
      target: SPOOL_TARGET,
      readOnly: false,
      subpath: spec.name,
    },
    spec.workspace.kind === "path"
      ? mount("bind", spec.workspace.path, WORKSPACE_TARGET)
      : mount("volume", claim(spec.workspace.volume), WORKSPACE_TARGET),
  ];
  const taken = new Set([
    "/",
    ...mounts.map(({ target }) => target),
    ...tmpfsMounts(spec).map(({ target }) => target),
  ]);
  for (const path of imageVolumes.toSorted()) {
    const target = path.length > 1 ? path.replace(/\/+$/, "") : path;
    if (taken.has(target)) continue;
    taken.add(target);
    mounts.push(mount("volume", claim(imageVolumeKey(target)), target));
  }
  return { mounts, volumes };
}

/** The container spec; `memoryBytes` is what was granted, not what was asked for. */
export function desireContainer(
  record: ProjectRecord,
  install: InstallFacts,
  parts: Readonly<{ storage: Storage; memoryBytes: number; stopGraceMs: number }>,
): ContainerSpec {
  const { spec } = record;
  const specHash = specFingerprint(record, parts.storage);
  return {
    name: objectName(install.install, spec.name),
    project: spec.name,
    image: spec.image,
    limits: limitValues(spec, parts.memoryBytes),
    nofile: spec.limits.nofile,
    readOnlyRoot: spec.security.readOnlyRoot,
    tmpfs: sizeTmpfs(spec, parts.memoryBytes),
    mounts: parts.storage.mounts,
    networkName: objectName(install.install, spec.name),
    stopTimeoutSeconds: Math.ceil(parts.stopGraceMs / 1000),
    oomScoreAdj: OOM_SCORE_ADJ,
    labels: {
      ...spec.labels,
      "berth.install": install.install,
      "berth.install-uid": install.installUid,
      "berth.project": spec.name,
      "berth.generation": String(record.generation),
      "berth.spec-hash": specHash,
      "berth.epoch": String(install.epoch),
    },
    specHash,
  };
}

/**
 * Covers what only a new container can change. Left out: what `docker update` changes (limits, weight), what the runner
 * is told (agents, environment, secrets), the runner volume (a running container keeps its version), the stop timeout
 * (our own stops bring theirs), and the sizes of tmpfs (they follow the memory limit when a container is created, and
 * ask for a new one only when they no longer fit it: see model/tmpfs).
 */
function specFingerprint({ spec, restartSerials }: ProjectRecord, { mounts }: Storage): string {
  return fingerprint([
    ["image", brief(spec.image)],
    ["limits.nofile", String(spec.limits.nofile)],
    ["limits.shm", String(spec.limits.shmBytes)],
    ["security.read_only_root", String(spec.security.readOnlyRoot)],
    ["tmpfs", brief(tmpfsMounts(spec))],
    ["mounts", brief(mounts.filter(({ target }) => target !== RUNNER_TARGET))],
    ["labels", brief(spec.labels)],
    ["oom_score_adj", String(OOM_SCORE_ADJ)],
    // Restarting a whole project means a new container: with today's runner, and with mounts looked up anew.
    ["restart", String(restartSerials["*"] ?? 0)],
  ]);
}

function mount(kind: MountSpec["kind"], source: string, target: string): MountSpec {
  return { kind, source, target, readOnly: false, subpath: null };
}

function brief(value: unknown): string {
  return shortHash(value).slice(0, 8);
}
