/** Foreign hands: what somebody with a Docker client does to the container of `web`, and how the repair is known. */
import type { Inspected } from "../../support/look.ts";

const MIB = 1024 ** 2;

export interface Hand {
  readonly verb: string;
  /** What the foreign hand types. */
  readonly arguments: (container: Inspected, install: string) => readonly string[];
  /** Whether the container is as it should be again. */
  readonly mended: (now: Inspected, before: Inspected, network: string) => boolean;
  /** Kind of the step that repairs, and a word of its cause. */
  readonly step: string;
  readonly cause: string;
}

const running = ({ State }: Inspected): boolean => State.Status === "running";
const untouched = (now: Inspected, before: Inspected): boolean =>
  running(now) && now.Id === before.Id && now.State.StartedAt === before.State.StartedAt;
const restarted = (now: Inspected, before: Inspected): boolean =>
  running(now) && now.Id === before.Id && now.State.StartedAt !== before.State.StartedAt;

export const HANDS: readonly Hand[] = [
  {
    verb: "stop",
    arguments: ({ Id }) => ["stop", "-t", "1", Id],
    mended: restarted,
    step: "start-container",
    cause: "stopped externally",
  },
  {
    verb: "kill",
    arguments: ({ Id }) => ["kill", Id],
    mended: restarted,
    step: "start-container",
    cause: "stopped externally",
  },
  {
    verb: "pause",
    arguments: ({ Id }) => ["pause", Id],
    mended: (now, before) => running(now) && now.State.StartedAt === before.State.StartedAt,
    step: "thaw-container",
    cause: "paused externally",
  },
  {
    verb: "update of limits",
    arguments: ({ Id }) => [
      "update",
      "--memory",
      "200m",
      "--memory-swap",
      "200m",
      "--cpus",
      "1",
      Id,
    ],
    mended: ({ HostConfig }) =>
      HostConfig.Memory === 96 * MIB &&
      HostConfig.MemorySwap === 96 * MIB &&
      HostConfig.NanoCpus === 1_000_000_000,
    step: "update-container",
    cause: "memory limit changed externally",
  },
  {
    verb: "update of swap",
    arguments: ({ Id }) => ["update", "--memory-swap", "-1", Id],
    mended: (now, before) => untouched(now, before) && now.HostConfig.MemorySwap === 96 * MIB,
    step: "update-container",
    cause: "swap changed externally none → unlimited",
  },
  {
    verb: "update of the restart policy, CPUs and reservation",
    arguments: ({ Id }) => [
      "update",
      "--restart",
      "always",
      "--cpuset-cpus",
      "0",
      "--memory-reservation",
      "50m",
      Id,
    ],
    mended: (now, before) =>
      untouched(now, before) &&
      now.HostConfig.RestartPolicy.Name === "no" &&
      now.HostConfig.CpusetCpus !== "0" &&
      now.HostConfig.MemoryReservation !== 50 * MIB,
    step: "update-container",
    cause:
      "restart_policy changed externally no → always, cpuset changed externally all → 0, " +
      "memory_reservation changed externally none → 50MiB",
  },
  {
    verb: "disconnect from its network",
    arguments: ({ Id }, install) => ["network", "disconnect", `berth-${install}-web`, Id],
    mended: (now, _before, network) => Object.keys(now.NetworkSettings.Networks).join() === network,
    step: "connect-network",
    cause: "disconnected externally",
  },
  {
    verb: "connection to another network",
    arguments: ({ Id }, install) => ["network", "connect", `berth-${install}-calm`, Id],
    mended: (now, _before, network) => Object.keys(now.NetworkSettings.Networks).join() === network,
    step: "disconnect-network",
    cause: "connected externally",
  },
  {
    verb: "rename",
    arguments: ({ Id }, install) => ["rename", Id, `stranger-${install}`],
    mended: (now, _before, network) => running(now) && now.Name === `/${network}`,
    step: "remove-container",
    cause: "renamed externally",
  },
  {
    verb: "rm -f",
    arguments: ({ Id }) => ["rm", "-f", Id],
    mended: (now, before) => running(now) && now.Id !== before.Id,
    step: "create-container",
    cause: "container removed externally",
  },
];
