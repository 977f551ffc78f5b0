/** The engine door, opened: one connection, and every verb of `EngineDoor` on it. */
import type { BreakerState } from "../guard/guard.ts";
import type { Chance } from "../guard/retry.ts";
import { connect, DEADLINE, type Connection, type RequestRecord } from "./connection.ts";
import {
  createContainer,
  inspectContainer,
  runVerb,
  stopContainer,
  updateContainer,
} from "./containers.ts";
import type { EngineDoor, Ownership } from "./door.ts";
import { followEvents } from "./events.ts";
import { startExec } from "./exec.ts";
import { engineFacts } from "./facts.ts";
import { imageFacts, imagePuller } from "./images.ts";
import { connectNetwork, createNetwork, disconnectNetwork, removeNetwork } from "./networks.ts";
import { runErrand, sweepErrands } from "./errand.ts";
import { fillRunnerVolume } from "./runner-volume.ts";
import { takeSnapshot } from "./snapshot.ts";
import { createVolume, removeVolume, volumePath } from "./volumes.ts";

export interface EngineOptions {
  /** As in DOCKER_HOST; null for the usual socket. */
  readonly dockerHost: string | null;
  /** The argv that starts the init with the runner from /.berth, in every container. */
  readonly entrypoint: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly chance: Chance;
  /** Called once for every request, for the duration histogram. */
  readonly onRequest?: ((record: RequestRecord) => void) | undefined;
  readonly onBreaker?: ((state: BreakerState) => void) | undefined;
}

/** Opens the door to one engine; nothing is sent before the first verb. */
export function openEngine(options: EngineOptions): EngineDoor {
  const link = connect(options);
  const streams = new Set<Readonly<{ close(): void }>>();
  return {
    ...looking(link, options),
    ...containerVerbs(link, options),
    ...networkVerbs(link),
    ...volumeVerbs(link, options),
    runOnce: async (image, argv, how) => {
      await sweepErrands(link, how.own, options.now());
      return runErrand(link, { image, argv, ...how });
    },
    exec: (request) => startExec(link, request),
    events: (listener) => {
      const stream = followEvents(link, listener, options.chance);
      streams.add(stream);
      const close = (): void => {
        streams.delete(stream);
        stream.close();
      };
      return { close };
    },
    close: async () => {
      for (const stream of streams) stream.close();
      link.close();
      await Promise.resolve();
    },
  };
}

function looking(
  link: Connection,
  options: EngineOptions,
): Pick<EngineDoor, "facts" | "ping" | "snapshot"> {
  return {
    facts: () => engineFacts(link),
    ping: () => link.call("ping", DEADLINE.quick, async () => void (await link.api.ping())),
    snapshot: () => takeSnapshot(link, options.now),
  };
}

type ContainerVerb =
  | "inspect"
  | "createContainer"
  | "startContainer"
  | "stopContainer"
  | "killContainer"
  | "pauseContainer"
  | "thawContainer"
  | "updateContainer"
  | "removeContainer";

function containerVerbs(
  link: Connection,
  { entrypoint }: EngineOptions,
): Pick<EngineDoor, ContainerVerb> {
  return {
    inspect: (id) => inspectContainer(link, id),
    createContainer: (spec, own) => createContainer(link, { spec, own, entrypoint }),
    startContainer: (id) => runVerb(link, "start", id),
    stopContainer: (id, graceMs) => stopContainer(link, id, graceMs),
    killContainer: (id) => runVerb(link, "kill", id),
    pauseContainer: (id) => runVerb(link, "pause", id),
    thawContainer: (id) => runVerb(link, "thaw", id),
    updateContainer: (id, limits) => updateContainer(link, id, limits),
    removeContainer: (id) => runVerb(link, "remove", id),
  };
}

type NetworkVerb = "createNetwork" | "removeNetwork" | "connectNetwork" | "disconnectNetwork";

function networkVerbs(link: Connection): Pick<EngineDoor, NetworkVerb> {
  return {
    createNetwork: (spec, own, project) => createNetwork(link, { spec, own, project }),
    removeNetwork: (id) => removeNetwork(link, id),
    connectNetwork: (networkId, containerId) => connectNetwork(link, networkId, containerId),
    disconnectNetwork: (networkId, containerId) => disconnectNetwork(link, networkId, containerId),
  };
}

type StoreVerb =
  | "imageFacts"
  | "ensureImage"
  | "createVolume"
  | "removeVolume"
  | "volumePath"
  | "runnerVolume";

function volumeVerbs(link: Connection, { now }: EngineOptions): Pick<EngineDoor, StoreVerb> {
  const ensureImage = imagePuller(link);
  const filling = new Map<string, Promise<string>>();
  const runnerVolume = async (runnerImage: string, own: Ownership): Promise<string> => {
    const image = await ensureImage(runnerImage);
    await sweepErrands(link, own, now());
    const shared = filling.get(image.id) ?? fillRunnerVolume(link, { image, own, now });
    filling.set(image.id, shared);
    return shared.finally(() => filling.delete(image.id));
  };
  return {
    imageFacts: (image) => imageFacts(link, image),
    ensureImage,
    createVolume: (name, own, labels) => createVolume(link, { name, own, labels }),
    removeVolume: (name) => removeVolume(link, name),
    volumePath: (name) => volumePath(link, name),
    runnerVolume,
  };
}
