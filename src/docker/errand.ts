/** An errand container: started, waited for, read and removed; what one left behind is removed by the next. */
import { randomBytes } from "node:crypto";
import type Docker from "dockerode";
import type { ContainerSpec } from "../model/desired.ts";
import { DEADLINE, type Connection } from "./connection.ts";
import { LOG_CONFIG, mountField } from "./container-body.ts";
import { runVerb } from "./containers.ts";
import { demuxAll } from "./demux.ts";
import type { ErrandRun, Ownership } from "./door.ts";
import { LABEL, ownershipLabels } from "./labels.ts";

/** An errand older than this has outlived every deadline of its own run: whoever started it is gone. */
const ABANDONED_MS = 5 * 60_000;
const HELPER_MEMORY = 256 * 1024 * 1024;
const HELPER_PIDS = 64;

export interface ErrandOptions {
  readonly capAdd: readonly string[];
  /** Otherwise the errand has no network at all. */
  readonly hostNetwork: boolean;
  readonly own: Ownership;
  readonly mounts?: ContainerSpec["mounts"];
}

export interface ErrandRequest extends ErrandOptions {
  readonly image: string;
  readonly argv: readonly string[];
}

/** Runs the errand to its end and returns its exit code and output. */
export async function runErrand(link: Connection, request: ErrandRequest): Promise<ErrandRun> {
  const errand = await link.call("create errand", DEADLINE.create, (abortSignal) =>
    link.api.createContainer({ ...errandBody(request), abortSignal }),
  );
  try {
    await runVerb(link, "start", errand.id);
    const exitCode = await waitForEnd(link, errand.id);
    // dockerode's types say Buffer; for a container without a terminal it is the multiplexed form.
    const output = await link.call("read errand", DEADLINE.quick, (abortSignal) =>
      link.api
        .getContainer(errand.id)
        .logs({ stdout: true, stderr: true, follow: false, abortSignal }),
    );
    return { exitCode, ...demuxAll(Buffer.from(output)) };
  } finally {
    await dropErrand(link, errand.id);
  }
}

async function waitForEnd(link: Connection, id: string): Promise<number> {
  const ended: unknown = await link.call("wait for errand", DEADLINE.errand, (abortSignal) =>
    link.streams.getContainer(id).wait({ abortSignal }),
  );
  const known = typeof ended === "object" && ended !== null && "StatusCode" in ended;
  return known ? Number(ended.StatusCode) : -1;
}

function errandBody(request: ErrandRequest): Docker.ContainerCreateOptions {
  const { own, image, argv, capAdd, hostNetwork, mounts } = request;
  return {
    name: errandName(own),
    Image: image,
    Entrypoint: [...argv],
    User: "0:0",
    WorkingDir: "/",
    Healthcheck: { Test: ["NONE"] },
    Labels: { ...ownershipLabels(own), [LABEL.role]: "errand" },
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

/** What cannot be removed now is swept later; it must not hide what the errand's run itself came to. */
export async function dropErrand(link: Connection, id: string): Promise<void> {
  await runVerb(link, "remove", id).catch(() => undefined);
}

/** A name nobody else has; errands are found again by label, never by name. */
export function errandName(own: Ownership): string {
  return `berth-${own.install}-errand-${randomBytes(4).toString("hex")}`;
}

/** Removes errands of this install that nobody waits for any more. */
export async function sweepErrands(link: Connection, own: Ownership, now: number): Promise<void> {
  const label = [
    `${LABEL.role}=errand`,
    `${LABEL.install}=${own.install}`,
    `${LABEL.installUid}=${own.installUid}`,
  ];
  const left = await link.call("list errands", DEADLINE.quick, (abortSignal) =>
    link.api.listContainers({ all: true, filters: { label }, abortSignal }),
  );
  for (const each of left)
    if (now - each.Created * 1000 > ABANDONED_MS) await runVerb(link, "remove", each.Id);
}
