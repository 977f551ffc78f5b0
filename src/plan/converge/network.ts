/** The project's network: what of it drifted, and the steps that attach, detach, rebuild or remove. */
import type { NetworkSpec } from "../../model/desired.ts";
import type { ObservedContainer, ObservedNetwork } from "../../model/observed.ts";
import type { FieldChange } from "../../model/step.ts";
import { externalIfSettled, missingReason } from "../drift.ts";
import { isLive } from "../live.ts";
import type { Draft } from "./draft.ts";
import type { Situation } from "./situation.ts";

/** What of a network only a new one can change. What the engine does not tell is not drift. */
export function networkChanges(
  network: ObservedNetwork,
  spec: NetworkSpec,
): readonly FieldChange[] {
  const fields: readonly (readonly [field: string, from: string | null, to: string])[] = [
    ["network.subnet", network.subnet, spec.subnet],
    ["network.bridge", network.bridge, spec.bridge],
    ["network.egress", network.egress, spec.egress],
    ["network.internal", String(network.internal), String(spec.egress === "none")],
  ];
  const changes = fields.flatMap(([field, from, to]) =>
    from === null || from === to ? [] : [{ field, from, to }],
  );
  const egress = changes.some(({ field }) => field === "network.egress");
  // `internal` follows from egress: one change is enough to say.
  return changes.filter(({ field }) => !(egress && field === "network.internal"));
}

/** Whether the container is on the network. The engine names no id for one that was never started: then the name counts. */
export function isAttached(container: ObservedContainer, network: ObservedNetwork): boolean {
  const ids = container.networkIds.filter((id) => id !== "");
  if (ids.length > 0 || isLive(container.state)) return ids.includes(network.id);
  return container.networkNames.includes(network.name);
}

/** Creates the network, after removing one that drifted; returns what a new container comes after. */
export function provideNetwork(
  draft: Draft,
  situation: Situation,
  after: readonly number[],
): readonly number[] {
  const { desired, network } = situation;
  if (desired.network === null) return [];
  const resource = `network:${desired.project}`;
  const create = (
    cause: string,
    rest: Readonly<{ after: readonly number[]; external: boolean }>,
  ): readonly number[] =>
    desired.network === null
      ? []
      : [
          draft.add(
            { kind: "create-network", network: desired.network },
            { resource, cause, ...rest },
          ),
        ];
  if (network === null)
    return create(missingReason(situation, "network").cause, {
      after: [],
      external: situation.settled,
    });
  const changes = networkChanges(network, desired.network);
  if (changes.length === 0) return [];
  const cause = `network changed: ${changes.map(({ field }) => field.replace("network.", "")).join(", ")}`;
  const removed = draft.add(
    { kind: "remove-network", networkId: network.id },
    { resource, cause, after, changes, impact: "restart" },
  );
  return create(`replaces #${removed}`, { after: [removed], external: false });
}

/** Attaches the container to its own network and takes it off every other one. */
export function mendAttachments(
  draft: Draft,
  situation: Situation,
  container: ObservedContainer,
): readonly number[] {
  const { network, desired } = situation;
  if (network === null) return [];
  const resource = `network:${desired.project}`;
  const mended: number[] = [];
  if (!isAttached(container, network)) {
    const reason = externalIfSettled(situation, "disconnected externally", "not connected");
    mended.push(
      draft.add(
        { kind: "connect-network", containerId: container.id, networkId: network.id },
        { resource, ...reason, impact: "live" },
      ),
    );
  }
  for (const networkId of container.networkIds) {
    if (networkId === "" || networkId === network.id) continue;
    const name = container.networkNames[container.networkIds.indexOf(networkId)] ?? networkId;
    mended.push(
      draft.add(
        { kind: "disconnect-network", containerId: container.id, networkId },
        {
          resource,
          cause: `connected externally to ${name}`,
          external: true,
          impact: "live",
          changes: [{ field: "network", from: name, to: "" }],
        },
      ),
    );
  }
  return mended;
}

/** Removes our networks of this project but its own one; a container on them leaves or goes first. */
export function removeExtraNetworks(
  draft: Draft,
  situation: Situation,
  after: readonly number[],
): void {
  for (const { id, name } of situation.extraNetworks) {
    draft.add(
      { kind: "remove-network", networkId: id },
      {
        resource: `network:${situation.desired.project}`,
        cause: `second network of the project (${name})`,
        after,
      },
    );
  }
}
