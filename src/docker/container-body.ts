/** A container spec as the engine's create request: where every piece of hardening is written down once. */
import type Docker from "dockerode";
import type { ContainerSpec, LimitValues, MountSpec } from "../model/desired.ts";
import { AS_CREATED } from "../model/pinned.ts";
import { SHM_TARGET } from "../model/tmpfs.ts";
import type { Ownership } from "./door.ts";
import { LABEL, ownershipLabels } from "./labels.ts";
import { tmpfsField } from "./tmpfs-field.ts";

/** All the runner needs: to hand files over, to become the agent's uid, and to end what it started. */
const RUNNER_CAPABILITIES = ["CHOWN", "SETUID", "SETGID", "KILL"];

/** Only the runner's own words go through Docker; agents' output is spooled elsewhere. */
export const LOG_CONFIG = {
  Type: "local",
  // The driver compresses what it rotates away, and refuses to start with one file unless told not to.
  Config: { "max-size": "1m", "max-file": "1", compress: "false" },
};

/**
 * Memory that System V's ways to talk hold is charged to the container and outlives its makers. Shared memory goes with the
 * last process that uses it; 32 queues hold 512 KiB, and 32,000 semaphores (as many as 128 sets of 250) 2 MiB.
 */
const SYSCTLS = {
  "kernel.shm_rmid_forced": "1",
  "kernel.msgmni": "32",
  "kernel.sem": "250 32000 32 128",
};

/** The request body of a project's container. */
export function containerBody(
  spec: ContainerSpec,
  own: Ownership,
  entrypoint: readonly string[],
): Docker.ContainerCreateOptions {
  return {
    name: spec.name,
    Image: spec.image,
    Hostname: spec.project,
    Entrypoint: [...entrypoint],
    // With the entrypoint set and no command, the engine drops the image's command too.
    WorkingDir: "/",
    User: "0:0",
    OpenStdin: false,
    Tty: false,
    StopSignal: "SIGTERM",
    StopTimeout: spec.stopTimeoutSeconds,
    // An image's health check would run as execs beside the runner, unseen by it.
    Healthcheck: { Test: ["NONE"] },
    Labels: {
      ...spec.labels,
      ...ownershipLabels(own),
      [LABEL.project]: spec.project,
      [LABEL.specHash]: spec.specHash,
    },
    HostConfig: hostConfig(spec, own),
  };
}

/** dockerode's type does not know `CgroupnsMode`. */
function hostConfig(
  spec: ContainerSpec,
  own: Ownership,
): Docker.HostConfig & { CgroupnsMode: string } {
  return {
    ...limitFields(spec.limits),
    NetworkMode: spec.networkName,
    CapDrop: ["ALL"],
    CapAdd: RUNNER_CAPABILITIES,
    SecurityOpt: ["no-new-privileges"],
    Privileged: false,
    ReadonlyRootfs: spec.readOnlyRoot,
    Tmpfs: Object.fromEntries(spec.tmpfs.map((each) => [each.target, tmpfsField(each)])),
    Mounts: spec.mounts.map((mount) => mountField(mount, own)),
    Ulimits: [{ Name: "nofile", Soft: spec.nofile, Hard: spec.nofile }],
    // Mounted by the entry above; stated so that an inspect shows it.
    ShmSize: spec.tmpfs.find(({ target }) => target === SHM_TARGET)?.sizeBytes,
    OomScoreAdj: spec.oomScoreAdj,
    RestartPolicy: { Name: AS_CREATED.restartPolicy },
    LogConfig: LOG_CONFIG,
    IpcMode: "private",
    Sysctls: SYSCTLS,
    CgroupnsMode: "private",
    // Our own init comes with the runner.
    Init: false,
    AutoRemove: false,
  };
}

/** The fields that create and update share. Swap is named with memory because the engine refuses one without the other. */
export function limitFields(limits: LimitValues): {
  Memory: number;
  MemorySwap: number;
  NanoCpus: number;
  PidsLimit: number;
  CpuShares: number;
} {
  return {
    Memory: limits.memoryBytes,
    MemorySwap: limits.memoryBytes,
    NanoCpus: limits.nanoCpus,
    PidsLimit: limits.pids,
    CpuShares: limits.cpuShares,
  };
}

/** A volume that vanished is made anew by the engine at create: labelled, so that it is not an orphan nobody owns. */
export function mountField(mount: MountSpec, own: Ownership): Docker.MountSettings {
  const base = { Source: mount.source, Target: mount.target, ReadOnly: mount.readOnly };
  if (mount.kind === "bind")
    return { ...base, Type: "bind", BindOptions: { Propagation: "rprivate" } };
  const subpath = mount.subpath === null ? {} : { Subpath: mount.subpath };
  return {
    ...base,
    Type: "volume",
    VolumeOptions: {
      NoCopy: mount.readOnly || mount.subpath !== null,
      Labels: ownershipLabels(own),
      DriverConfig: { Name: "local", Options: {} },
      ...subpath,
    },
  };
}
