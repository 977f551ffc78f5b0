/** Networks: one bridge per project, closed in the way its egress asks for. */
import type Docker from "dockerode";
import type { NetworkSpec } from "../model/desired.ts";
import { DEADLINE, type Connection } from "./connection.ts";
import { orNull } from "./or-null.ts";
import type { Ownership } from "./door.ts";
import { dockerError, statusOfAnswer } from "./errors.ts";
import { isOwn, LABEL, ownershipLabels } from "./labels.ts";

const BRIDGE_NAME = "com.docker.network.bridge.name";
/** `Internal` alone leaves the bridge an address by which every host service on 0.0.0.0 is reachable. */
const NO_HOST_ADDRESS = "com.docker.network.bridge.inhibit_ipv4";

export interface WantedNetwork {
  readonly spec: NetworkSpec;
  readonly own: Ownership;
  readonly project: string;
}

/** Creates the network or adopts ours of the same shape; returns its id. */
export async function createNetwork(link: Connection, wanted: WantedNetwork): Promise<string> {
  const created = await link.call("create network", DEADLINE.create, async (signal) => {
    try {
      return (await link.api.createNetwork({ ...networkBody(wanted), abortSignal: signal })).id;
    } catch (thrown) {
      if (statusOfAnswer(thrown) === 409) return null;
      throw thrown;
    }
  });
  return created ?? adopt(link, wanted);
}

function networkBody({ spec, own, project }: WantedNetwork): Docker.NetworkCreateOptions {
  const closed = spec.egress === "none";
  return {
    Name: spec.name,
    Driver: "bridge",
    Internal: closed,
    EnableIPv6: false,
    IPAM: { Driver: "default", Config: [{ Subnet: spec.subnet }] },
    Options: { [BRIDGE_NAME]: spec.bridge, ...(closed ? { [NO_HOST_ADDRESS]: "true" } : {}) },
    Labels: {
      ...ownershipLabels(own),
      [LABEL.project]: project,
      [LABEL.egress]: spec.egress,
    },
  };
}

/** Names may occur twice in an engine and name filters match substrings, so the list is looked through. */
async function adopt(link: Connection, wanted: WantedNetwork): Promise<string> {
  const filters = { name: [wanted.spec.name] };
  const listed = await link.call("list networks", DEADLINE.quick, (abortSignal) =>
    link.api.listNetworks({ filters, abortSignal }),
  );
  const namesakes = listed.filter((each) => each.Name === wanted.spec.name);
  if (namesakes.length === 0)
    throw dockerError(
      "docker.create-pending",
      `the engine is still busy with a network named ${wanted.spec.name}`,
    );
  const ours = namesakes.find((each) => isSame(each, wanted));
  if (ours !== undefined) return ours.Id;
  throw dockerError(
    "docker.name-taken",
    `a network named ${wanted.spec.name} exists and is not this one`,
    {
      hint: `see what it is with: docker network inspect ${wanted.spec.name}`,
    },
  );
}

function isSame(found: Docker.NetworkInspectInfo, { spec, own, project }: WantedNetwork): boolean {
  return (
    isOwn(found.Labels, own) &&
    found.Labels?.[LABEL.project] === project &&
    found.Labels[LABEL.egress] === spec.egress &&
    subnetOf(found) === spec.subnet &&
    bridgeOf(found) === spec.bridge
  );
}

/** First subnet of a network, if it has one. */
export function subnetOf(network: Docker.NetworkInspectInfo): string | null {
  return network.IPAM?.Config?.[0]?.Subnet ?? null;
}

/** Name of its bridge device, where one was asked for. */
export function bridgeOf(network: Docker.NetworkInspectInfo): string | null {
  return network.Options?.[BRIDGE_NAME] ?? null;
}

/** Removes a network; `docker.busy` while containers are attached. */
export async function removeNetwork(link: Connection, id: string): Promise<void> {
  await orNull(
    link.call("remove network", DEADLINE.create, (abortSignal) =>
      link.api.getNetwork(id).remove({ abortSignal }),
    ),
  );
}

/** Attaches a container; attached already is done. */
export async function connectNetwork(
  link: Connection,
  networkId: string,
  containerId: string,
): Promise<void> {
  await link.call("connect network", DEADLINE.create, (abortSignal) => {
    const body = { Container: containerId, abortSignal };
    return unless(
      /already exists in network|is already attached/i,
      link.api.getNetwork(networkId).connect(body),
    );
  });
}

/** Detaches a container, also one that is stopped or broken; detached already is done. */
export async function disconnectNetwork(
  link: Connection,
  networkId: string,
  containerId: string,
): Promise<void> {
  await orNull(
    link.call("disconnect network", DEADLINE.create, (abortSignal) => {
      const body = { Container: containerId, Force: true, abortSignal };
      return unless(/is not connected to/i, link.api.getNetwork(networkId).disconnect(body));
    }),
  );
}

async function unless(alreadySo: RegExp, work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (thrown) {
    if (!(thrown instanceof Error && alreadySo.test(thrown.message))) throw thrown;
  }
}
