/** A helper container: started, waited for, read and removed; what one left behind is removed by the next. */
import { randomBytes } from "node:crypto";
import type Docker from "dockerode";
import type { ContainerSpec } from "../model/desired.ts";
import { DEADLINE, type Connection } from "./connection.ts";
import { LOG_CONFIG, mountField } from "./container-body.ts";
import { runVerb } from "./containers.ts";
import { demuxAll } from "./demux.ts";
import type { HelperRun, Ownership } from "./door.ts";
import { LABEL, ownershipLabels } from "./labels.ts";

/** A helper older than this has outlived every deadline of its own run: whoever started it is gone. */
const ABANDONED_MS = 5 * 60_000;
const HELPER_MEMORY = 256 * 1024 * 1024;
const HELPER_PIDS = 64;

export interface HelperOptions {
  readonly capAdd: readonly string[];
  /** Otherwise the helper has no network at all. */
  readonly hostNetwork: boolean;
  readonly own: Ownership;
  readonly mounts?: ContainerSpec["mounts"];
}

export interface HelperRequest extends HelperOptions {
  readonly image: string;
  readonly argv: readonly string[];
}

/** Runs the helper to its end and returns its exit code and output. */
export async function runHelper(link: Connection, request: HelperRequest): Promise<HelperRun> {
  const helper = await link.call("create helper", DEADLINE.create, (abortSignal) =>
    link.api.createContainer({ ...helperBody(request), abortSignal }),
  );
  try {
    await runVerb(link, "start", helper.id);
    const exitCode = await waitForEnd(link, helper.id);
    // dockerode's types say Buffer; for a container without a terminal it is the multiplexed form.
    const output = await link.call("read helper", DEADLINE.quick, (abortSignal) =>
      link.api
        .getContainer(helper.id)
        .logs({ stdout: true, stderr: true, follow: false, abortSignal }),
    );
    return { exitCode, ...demuxAll(Buffer.from(output)) };
  } finally {
    await dropHelper(link, helper.id);
  }
}

async function waitForEnd(link: Connection, id: string): Promise<number> {
  const ended: unknown = await link.call("wait for helper", DEADLINE.helper, (abortSignal) =>
    link.streams.getContainer(id).wait({ abortSignal }),
  );
  const known = typeof ended === "object" && ended !== null && "StatusCode" in ended;
  return known ? Number(ended.StatusCode) : -1;
}

function helperBody(request: HelperRequest): Docker.ContainerCreateOptions {
  const { own, image, argv, capAdd, hostNetwork, mounts } = request;
  return {
    name: helperName(own),
    Image: image,
    Entrypoint: [...argv],
    User: "0:0",
    WorkingDir: "/",
    Healthcheck: { Test: ["NONE"] },
    Labels: { ...ownershipLabels(own), [LABEL.role]: "helper" },
    HostConfig: {
      NetworkMode: hostNetwork ? "host" : "none",
      CapDrop: ["ALL"],
      CapAdd: [...capAdd],
      SecurityOpt: ["no-new-privileges"],
      ReadonlyRootfs: true,
      // iptables keeps its lock under /run.
      Tmpfs: { "/run": "size=1m", "/tmp": "size=16m" },
      Memory: HELPER_MEMORY,
      MemorySwap: HELPER_MEMORY,
      PidsLimit: HELPER_PIDS,
      Mounts: (mounts ?? []).map((mount) => mountField(mount, own)),
      RestartPolicy: { Name: "no" },
      LogConfig: LOG_CONFIG,
    },
  };
}

/** What cannot be removed now is swept later; it must not hide what the helper's run itself came to. */
export async function dropHelper(link: Connection, id: string): Promise<void> {
  await runVerb(link, "remove", id).catch(() => undefined);
}

/** A name nobody else has; helpers are found again by label, never by name. */
export function helperName(own: Ownership): string {
  return `berth-${own.install}-helper-${randomBytes(4).toString("hex")}`;
}

/** Removes helpers of this install that nobody waits for any more. */
export async function sweepHelpers(link: Connection, own: Ownership, now: number): Promise<void> {
  const label = [
    `${LABEL.role}=helper`,
    `${LABEL.install}=${own.install}`,
    `${LABEL.installUid}=${own.installUid}`,
  ];
  const left = await link.call("list helpers", DEADLINE.quick, (abortSignal) =>
    link.api.listContainers({ all: true, filters: { label }, abortSignal }),
  );
  for (const each of left)
    if (now - each.Created * 1000 > ABANDONED_MS) await runVerb(link, "remove", each.Id);
}
