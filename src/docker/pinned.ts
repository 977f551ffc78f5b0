/** What `docker update` can change and we never do: read as the engine has it, written back as we create it. */
import type Docker from "dockerode";
import { AS_CREATED, type PinnedValues } from "../model/pinned.ts";
import { DEADLINE, type Connection } from "./connection.ts";
import { asObject } from "./ndjson.ts";

/** The engine takes no smaller reservation; on cgroup v2 it is also the only way to be rid of one (no value means zero there). */
const LEAST_RESERVATION_BYTES = 6 * 2 ** 20;

type HostConfig = Docker.ContainerInspectInfo["HostConfig"];

/** What the engine said of the host; asked only for a container that looks touched. */
interface Host {
  readonly cpus: number;
  readonly cgroupVersion: 1 | 2;
  /** Where the kernel does not count swap, the engine keeps no limit of it. */
  readonly countsSwap: boolean;
}

export async function readPinned(link: Connection, config: HostConfig): Promise<PinnedValues> {
  const { Memory: memory = 0, MemorySwap: swap = 0, MemoryReservation: reserved = 0 } = config;
  const seen: PinnedValues = {
    swapBytes: swap < 0 ? null : Math.max(0, swap - memory),
    restartPolicy: config.RestartPolicy?.Name || "no",
    cpuset: config.CpusetCpus || null,
    reservationBytes: reserved > LEAST_RESERVATION_BYTES ? reserved : 0,
  };
  if (seen.swapBytes === 0 && seen.cpuset === null) return seen;
  const host = await hostOf(link);
  return {
    ...seen,
    swapBytes: host.countsSwap ? seen.swapBytes : 0,
    cpuset: cpusIn(seen.cpuset ?? "") >= host.cpus ? null : seen.cpuset,
  };
}

/** The fields of an update that undo what was done to them; swap goes with memory. An empty text or zero would change nothing. */
export async function unpinFields(
  link: Connection,
  config: HostConfig,
): Promise<Partial<Docker.HostConfig>> {
  const { CpusetCpus: cpuset = "", MemoryReservation: reserved = 0 } = config;
  const policy = { RestartPolicy: { Name: AS_CREATED.restartPolicy } };
  if (cpuset === "" && reserved <= LEAST_RESERVATION_BYTES) return policy;
  const host = await hostOf(link);
  return {
    ...policy,
    ...(cpuset === "" ? {} : { CpusetCpus: `0-${host.cpus - 1}` }),
    ...(reserved <= LEAST_RESERVATION_BYTES
      ? {}
      : { MemoryReservation: host.cgroupVersion === 1 ? -1 : LEAST_RESERVATION_BYTES }),
  };
}

async function hostOf(link: Connection): Promise<Host> {
  const info = await link.call(
    "engine info",
    DEADLINE.quick,
    async () => asObject(await link.api.info()) ?? {},
  );
  const cpus = info["NCPU"];
  return {
    cpus: typeof cpus === "number" ? cpus : 1,
    cgroupVersion: info["CgroupVersion"] === "2" ? 2 : 1,
    countsSwap: info["SwapLimit"] !== false,
  };
}

/** How many CPUs a list such as `0-2,5` names. */
export function cpusIn(list: string): number {
  return list
    .split(",")
    .filter((range) => range !== "")
    .reduce((sum, range) => {
      const [first = 0, last = first] = range.split("-").map(Number);
      return sum + last - first + 1;
    }, 0);
}
