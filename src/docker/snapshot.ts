/** One look at the whole engine: three lists, no inspect, everything translated and nothing left out. */
import type Docker from "dockerode";
import type {
  EngineSnapshot,
  ObservedContainer,
  ObservedNetwork,
  ObservedVolume,
} from "../model/observed.ts";
import { DEADLINE, type Connection } from "./connection.ts";
import { stateOf } from "./containers.ts";
import { LABEL, readOwn } from "./labels.ts";
import { bridgeOf, subnetOf } from "./networks.ts";

/** Lists containers, networks and volumes side by side; `at` is read before the first answer, so it is never too new. */
export async function takeSnapshot(link: Connection, now: () => number): Promise<EngineSnapshot> {
  const at = now();
  const [containers, networks, volumes] = await Promise.all([
    link.call("list containers", DEADLINE.list, (abortSignal) =>
      link.api.listContainers({ all: true, abortSignal }),
    ),
    link.call("list networks", DEADLINE.list, (abortSignal) =>
      link.api.listNetworks({ abortSignal }),
    ),
    link.call("list volumes", DEADLINE.list, (abortSignal) =>
      link.api.listVolumes({ abortSignal }),
    ),
  ]);
  return {
    at,
    containers: containers.map(observedContainer),
    networks: networks.map(observedNetwork),
    // The engine says null for an empty list of volumes.
    volumes: (volumes.Volumes ?? []).map(observedVolume),
  };
}

function observedContainer(listed: Docker.ContainerInfo): ObservedContainer {
  const attached = Object.entries(listed.NetworkSettings?.Networks ?? {});
  return {
    id: listed.Id,
    name: (listed.Names[0] ?? "").replace(/^\//, ""),
    image: listed.Image,
    imageId: listed.ImageID,
    state: stateOf(listed.State),
    own: readOwn(listed.Labels),
    networkIds: attached.flatMap(([, endpoint]) =>
      endpoint.NetworkID === "" ? [] : [endpoint.NetworkID],
    ),
    networkNames: attached.map(([name]) => name),
    createdAt: listed.Created * 1000,
  };
}

function observedNetwork(listed: Docker.NetworkInspectInfo): ObservedNetwork {
  return {
    id: listed.Id,
    name: listed.Name,
    own: readOwn(listed.Labels),
    subnet: subnetOf(listed),
    internal: listed.Internal,
    bridge: bridgeOf(listed),
    egress: listed.Labels?.[LABEL.egress] ?? null,
  };
}

function observedVolume(listed: Docker.VolumeInspectInfo): ObservedVolume {
  return {
    name: listed.Name,
    own: readOwn(listed.Labels),
    role: listed.Labels?.[LABEL.role] ?? null,
  };
}
