/** Containers: create or adopt, then the verbs, each of which takes "already so" for done. */
import type Docker from "dockerode";
import type { ContainerSpec, LimitValues } from "../model/desired.ts";
import type { ContainerState, InspectedContainer } from "../model/observed.ts";
import { DEADLINE, type Connection } from "./connection.ts";
import { containerBody, limitFields } from "./container-body.ts";
import type { Ownership } from "./door.ts";
import { dockerError, statusOfAnswer } from "./errors.ts";
import { isOwn, readOwn } from "./labels.ts";
import { asObject } from "./ndjson.ts";
import { orNull } from "./or-null.ts";
import { readPinned, unpinFields } from "./pinned.ts";
import { tmpfsBytes } from "./tmpfs-field.ts";
import { ownVolume } from "./volumes.ts";

/** Stopping waits out the grace inside the engine; this is for the engine's own work around it. */
const STOP_MARGIN_MS = 10_000;

/** The engine's own, for a container that says nothing. */
const ENGINE_STOP_SECONDS = 10;

/** Creates the container, or adopts the one an earlier, unanswered create left behind. */
export async function createContainer(
  link: Connection,
  wanted: Readonly<{ spec: ContainerSpec; own: Ownership; entrypoint: readonly string[] }>,
): Promise<string> {
  const { spec, own, entrypoint } = wanted;
  await checkVolumes(link, spec, own);
  const created = await link.call("create container", DEADLINE.create, async (signal) => {
    try {
      const body = { ...containerBody(spec, own, entrypoint), abortSignal: signal };
      return (await link.api.createContainer(body)).id;
    } catch (thrown) {
      if (statusOfAnswer(thrown) === 409) return null;
      throw thrown;
    }
  });
  return created ?? adopt(link, spec, own);
}

/** The engine would mount anybody's volume, and make a missing one: both would be silent. */
async function checkVolumes(link: Connection, spec: ContainerSpec, own: Ownership): Promise<void> {
  const names = new Set(
    spec.mounts.flatMap(({ kind, source }) => (kind === "volume" ? [source] : [])),
  );
  await Promise.all([...names].map((name) => ownVolume(link, name, own)));
}

/** The name is taken: by us for the very same spec it is ours to go on with, anybody else's stays untouched. */
async function adopt(link: Connection, spec: ContainerSpec, own: Ownership): Promise<string> {
  const found = await look(link, spec.name);
  // The name is reserved before the container can be seen, and still for a moment after it is gone.
  if (found === null || found.State.Status === "removing")
    throw dockerError(
      "docker.create-pending",
      `the engine is still busy with a container named ${spec.name}`,
    );
  const labels = readOwn(found.Config.Labels);
  const same = labels.project === spec.project && labels.specHash === spec.specHash;
  if (isOwn(found.Config.Labels, own) && same) return found.Id;
  throw dockerError(
    "docker.name-taken",
    `a container named ${spec.name} exists and is not this one`,
    {
      hint: `see what it is with: docker inspect ${spec.name}`,
    },
  );
}

async function look(
  link: Connection,
  idOrName: string,
): Promise<Docker.ContainerInspectInfo | null> {
  return orNull(
    link.call("inspect container", DEADLINE.quick, (abortSignal) =>
      link.api.getContainer(idOrName).inspect({ abortSignal }),
    ),
  );
}

/** What only an inspect tells of a container; null when there is none. */
export async function inspectContainer(
  link: Connection,
  id: string,
): Promise<InspectedContainer | null> {
  const found = await look(link, id);
  if (found === null) return null;
  const { HostConfig: host, State: state } = found;
  const over = state.Status === "exited" || state.Status === "dead";
  return {
    id: found.Id,
    limits: {
      nanoCpus: host.NanoCpus ?? 0,
      memoryBytes: host.Memory ?? 0,
      // The engine says null or -1 for unlimited.
      pids: Math.max(0, host.PidsLimit ?? 0),
      cpuShares: host.CpuShares ?? 0,
    },
    pinned: await readPinned(link, host),
    tmpfsBytes: tmpfsBytes(host.Tmpfs),
    stopTimeoutSeconds: stopTimeoutOf(found.Config),
    pid: state.Pid,
    startedAt: state.StartedAt,
    exitCode: over ? state.ExitCode : null,
    oomKilled: state.OOMKilled,
    restartCount: found.RestartCount,
  };
}

/** In no type of dockerode's, though the engine tells it. */
function stopTimeoutOf(config: object): number {
  const seconds = asObject(config)?.["StopTimeout"];
  return typeof seconds === "number" ? seconds : ENGINE_STOP_SECONDS;
}

type Verb = (container: Docker.Container, abortSignal: AbortSignal) => Promise<unknown>;

/** A verb with the answers (status and words) that mean the container is already as asked. */
interface VerbFacts {
  readonly operation: string;
  readonly alreadySo: RegExp | null;
  readonly goneIsDone: boolean;
  readonly run: Verb;
}

const VERBS = {
  start: {
    operation: "start container",
    alreadySo: null,
    goneIsDone: false,
    run: (one, abortSignal) => one.start({ abortSignal }),
  },
  kill: {
    operation: "kill container",
    alreadySo: /is not running/i,
    goneIsDone: true,
    run: (one, abortSignal) => one.kill({ abortSignal }),
  },
  pause: {
    operation: "pause container",
    alreadySo: /already paused/i,
    goneIsDone: false,
    run: (one, abortSignal) => one.pause({ abortSignal }),
  },
  thaw: {
    operation: "thaw container",
    alreadySo: /not paused/i,
    goneIsDone: false,
    run: (one, abortSignal) => one.unpause({ abortSignal }),
  },
  remove: {
    operation: "remove container",
    alreadySo: /already in progress/i,
    goneIsDone: true,
    // `v` takes anonymous volumes of the image along; named ones stay.
    run: (one, abortSignal) => one.remove({ force: true, v: true, abortSignal }),
  },
} satisfies Record<string, VerbFacts>;

/** Runs one quick verb on a container. */
export async function runVerb(
  link: Connection,
  verb: keyof typeof VERBS,
  id: string,
): Promise<void> {
  const { operation, alreadySo, goneIsDone, run }: VerbFacts = VERBS[verb];
  const timeoutMs = verb === "start" || verb === "remove" ? DEADLINE.create : DEADLINE.quick;
  await link.call(operation, timeoutMs, async (signal) => {
    try {
      await run(link.api.getContainer(id), signal);
    } catch (thrown) {
      const status = statusOfAnswer(thrown);
      const said = thrown instanceof Error ? thrown.message : "";
      const so =
        status === 304 || (status === 404 && goneIsDone) || (alreadySo?.test(said) ?? false);
      if (!so) throw thrown;
    }
  });
}

/** SIGTERM to the container's init, SIGKILL after the grace. */
export async function stopContainer(link: Connection, id: string, graceMs: number): Promise<void> {
  const t = Math.max(0, Math.ceil(graceMs / 1000));
  await link.call("stop container", t * 1000 + STOP_MARGIN_MS, async (abortSignal) => {
    try {
      await link.streams.getContainer(id).stop({ t, abortSignal });
    } catch (thrown) {
      const status = statusOfAnswer(thrown);
      if (status !== 304 && status !== 404) throw thrown;
    }
  });
}

/** Changes the limits of a container in place, and undoes what somebody else changed with them. */
export async function updateContainer(
  link: Connection,
  id: string,
  limits: LimitValues,
): Promise<void> {
  const found = await look(link, id);
  const unpinned = found === null ? {} : await unpinFields(link, found.HostConfig);
  await link.call("update container", DEADLINE.quick, (abortSignal) =>
    link.api.getContainer(id).update({ ...limitFields(limits), ...unpinned, abortSignal }),
  );
}

const STATES: readonly ContainerState[] = [
  "created",
  "running",
  "paused",
  "restarting",
  "removing",
  "exited",
  "dead",
];

/** The engine's word for a state; a word of a later engine counts as dead, which nobody acts on without a look. */
export function stateOf(word: string): ContainerState {
  return STATES.find((state) => state === word) ?? "dead";
}
