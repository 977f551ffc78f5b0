/** Whether the kept container must make room for a new one, and which fields say so. */
import { showBytes } from "../../model/amount.ts";
import { fingerprintChanges } from "../../model/fingerprint.ts";
import type { ContainerSpec } from "../../model/desired.ts";
import type { DesiredProject } from "../../model/desired-project.ts";
import type { ObservedContainer } from "../../model/observed.ts";
import type { FieldChange } from "../../model/step.ts";
import { heldBytes, tmpfsFits } from "../../model/tmpfs.ts";
import { isLive } from "../live.ts";
import type { Reason } from "../drift.ts";
import { isAttached, networkChanges } from "./network.ts";
import type { Situation } from "./situation.ts";

export interface Replacement extends Reason {
  readonly changes: readonly FieldChange[];
}

/** Null: the container may stay, perhaps with live repairs. */
export function replacementOf(
  situation: Situation,
  container: ObservedContainer,
): Replacement | null {
  const reason = reasonOf(situation, container);
  return reason && { ...reason, changes: withImage(reason.changes, container, situation.desired) };
}

function reasonOf(situation: Situation, container: ObservedContainer): Replacement | null {
  const { desired, network } = situation;
  if (desired.container === null || desired.network === null) return null;
  if (container.state === "dead")
    return { cause: "the engine reports it dead", external: false, changes: [] };
  if (container.name !== desired.objectName) {
    const changes = [{ field: "name", from: container.name, to: desired.objectName }];
    return { cause: `renamed externally to ${container.name}`, external: true, changes };
  }
  const changes = [
    ...specChanges(container, desired.container),
    ...(network === null ? [] : networkChanges(network, desired.network)),
  ];
  if (changes.length > 0) {
    const named = withImage(changes, container, desired).map(({ field }) => field);
    return { cause: `changed: ${named.join(", ")}`, external: false, changes };
  }
  const crowded = crowdedBy(situation, desired.container);
  if (crowded !== null) return crowded;
  // A stopped container remembers its network by id and cannot start without it; a live one is attached again instead.
  if (!isLive(container.state) && (network === null || !isAttached(container, network))) {
    return { cause: "its network is gone", external: situation.settled, changes: [] };
  }
  return null;
}

/** Another image by the same name replaces nothing by itself, but it comes with any replacement, and is named then. */
function withImage(
  changes: readonly FieldChange[],
  { imageId }: ObservedContainer,
  desired: DesiredProject,
): readonly FieldChange[] {
  const named = changes.some(({ field }) => field === "image" || field === "spec");
  if (named || desired.imageId === null || desired.imageId === imageId) return changes;
  return [
    { field: "image", from: shortImageId(imageId), to: shortImageId(desired.imageId) },
    ...changes,
  ];
}

/** As `docker images` shows it. */
export function shortImageId(id: string): string {
  return id.replace(/^sha256:/, "").slice(0, 12);
}

/**
 * Tmpfs keep the size they were created with, and what is in them no kill of an agent frees: a limit that they could fill
 * would end in a container that dies again and again.
 */
function crowdedBy({ inspected }: Situation, spec: ContainerSpec): Replacement | null {
  const { memoryBytes } = spec.limits;
  if (inspected === null || tmpfsFits(inspected.tmpfsBytes, memoryBytes)) return null;
  const from = showBytes(inspected.limits.memoryBytes);
  const to = showBytes(memoryBytes);
  const held = showBytes(inspected.tmpfsBytes);
  return {
    cause: `a memory limit of ${to} has no room for its tmpfs of ${held}`,
    external: false,
    changes: [
      ...(from === to ? [] : [{ field: "limits.memory", from, to }]),
      { field: "tmpfs.size", from: held, to: showBytes(heldBytes(spec.tmpfs)) },
    ],
  };
}

function specChanges(container: ObservedContainer, spec: ContainerSpec): readonly FieldChange[] {
  const changes = fingerprintChanges(container.own.specHash, spec.specHash);
  if (changes === null)
    return [{ field: "spec", from: container.own.specHash ?? "unknown", to: spec.specHash }];
  return changes.map(({ part, from, to }) => {
    if (part === "image") return { field: part, from: container.image, to: spec.image };
    const shown = part === "limits.shm" ? bytesOf : (text: string) => text;
    return { field: part, from: shown(from ?? "none"), to: shown(to ?? "none") };
  });
}

/** Fingerprints hold whole bytes. */
function bytesOf(text: string): string {
  return /^\d+$/.test(text) ? showBytes(Number(text)) : text;
}
