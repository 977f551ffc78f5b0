/** The steps for a project that is to run: create, replace, start, thaw, or mend what lives. */
import type { ObservedContainer } from "../../model/observed.ts";
import { frozenReason, missingReason, stoppedReason, type Reason } from "../drift.ts";
import { isLive } from "../live.ts";
import { tellRunner } from "./agents.ts";
import { blockersOf } from "./blockers.ts";
import type { Draft } from "./draft.ts";
import { limitRepair, presetLimits } from "./limits.ts";
import { mendAttachments, provideNetwork, removeExtraNetworks } from "./network.ts";
import { replacementOf, type Replacement } from "./replacement.ts";
import { haltContainer, retireContainer, retireExtras } from "./retire.ts";
import type { Situation } from "./situation.ts";

/** What a start rests on: the container it starts (null: one created in this plan) and the steps before it. */
interface Start {
  readonly containerId: string | null;
  readonly after: readonly number[];
  readonly reason: Reason;
}

/**
 * INVARIANT: a container is created only when none of the project exists any more, and started only when every other one
 * is gone. So at any moment, also between two steps of an abandoned plan, at most one of ours lives.
 */
export function planRunning(draft: Draft, situation: Situation): void {
  const { kept, desired } = situation;
  const cleared = retireExtras(draft, situation);
  for (const { name } of situation.leaving)
    draft.wait(`engine: container ${name} is still being removed`);
  if (kept === null) {
    planCreation(draft, situation, { cleared, reason: missingReason(situation, "container") });
    return;
  }
  // Without the image nobody knows what the container should be: that is found out first, and what runs goes on.
  if (desired.container === null) provideImage(draft, situation);
  const replacement = replacementOf(situation, kept);
  if (replacement !== null && mayStart(draft, situation))
    planReplacement(draft, situation, { cleared, replacement, kept });
  else if (isLive(kept.state)) mendLive(draft, situation, { cleared, kept });
  else if (replacement === null && mayStart(draft, situation))
    planStart(draft, situation, { cleared, kept });
}

/** Whether something may be started now; if not, the plan says what it waits for. */
function mayStart(draft: Draft, situation: Situation): boolean {
  const blockers = blockersOf(situation);
  for (const blocker of blockers) draft.wait(blocker);
  return blockers.length === 0 && situation.leaving.length === 0;
}

function planCreation(
  draft: Draft,
  situation: Situation,
  { cleared, reason }: Readonly<{ cleared: readonly number[]; reason: Reason }>,
): void {
  if (!mayStart(draft, situation)) return;
  const ready = [...provideImage(draft, situation), ...provideVolumes(draft, situation)];
  const networked = provideNetwork(draft, situation, cleared);
  createAndStart(draft, situation, {
    after: [...cleared, ...ready, ...networked],
    spoolAfter: cleared,
    reason,
  });
  removeExtraNetworks(draft, situation, cleared);
}

/** Image and volumes come first: what cannot be had must not cost the container that runs. */
function planReplacement(
  draft: Draft,
  situation: Situation,
  {
    cleared,
    replacement,
    kept,
  }: Readonly<{ cleared: readonly number[]; replacement: Replacement; kept: ObservedContainer }>,
): void {
  const ready = [...provideImage(draft, situation), ...provideVolumes(draft, situation)];
  const removed = retireContainer(draft, {
    situation,
    container: kept,
    detail: { ...replacement, after: [...cleared, ...ready] },
  });
  const networked = provideNetwork(draft, situation, [removed]);
  const reason = { cause: `replaces #${removed}`, external: replacement.external };
  createAndStart(draft, situation, {
    after: [removed, ...networked],
    spoolAfter: [removed],
    reason,
  });
  removeExtraNetworks(draft, situation, [removed]);
}

function createAndStart(
  draft: Draft,
  situation: Situation,
  {
    after,
    spoolAfter,
    reason,
  }: Readonly<{ after: readonly number[]; spoolAfter: readonly number[]; reason: Reason }>,
): void {
  const { container, runnerConfig, project } = situation.desired;
  if (container === null || runnerConfig === null) return;
  const spool = prepareSpool(draft, situation, spoolAfter);
  const created = draft.add(
    { kind: "create-container", container },
    { resource: `container:${project}`, ...reason, after: [...after, ...spool] },
  );
  startContainer(draft, situation, {
    containerId: null,
    after: [created],
    reason: { cause: `created by #${created}`, external: false },
  });
}

function planStart(
  draft: Draft,
  situation: Situation,
  { cleared, kept }: Readonly<{ cleared: readonly number[]; kept: ObservedContainer }>,
): void {
  if (situation.desired.container === null) return;
  const attached = mendAttachments(draft, situation, kept);
  const limited = presetLimits(draft, situation, cleared);
  const stored = provideVolumes(draft, situation);
  const spool = prepareSpool(draft, situation, cleared);
  const reason = stoppedReason(situation, kept, situation.inspected);
  startContainer(draft, situation, {
    containerId: kept.id,
    after: [...attached, ...limited, ...stored, ...spool],
    reason,
  });
  removeExtraNetworks(draft, situation, [...cleared, ...attached]);
}

/** Repairs what can be repaired while agents run on. A thawed runner must answer first: the rest is the next pass's. */
function mendLive(
  draft: Draft,
  situation: Situation,
  { cleared, kept }: Readonly<{ cleared: readonly number[]; kept: ObservedContainer }>,
): void {
  const resource = `container:${situation.desired.project}`;
  if (kept.state === "paused") {
    const reason = frozenReason(situation);
    draft.add(
      { kind: "thaw-container", containerId: kept.id },
      { resource, ...reason, impact: "live", after: cleared },
    );
    return;
  }
  if (situation.network === null) {
    // It is connected in the next pass: the engine has not given the new network its id yet.
    if (situation.observed.foreign.network)
      draft.wait(`name-taken: network ${situation.desired.objectName} is not ours`);
    else provideNetwork(draft, situation, []);
  } else {
    const attached = mendAttachments(draft, situation, kept);
    removeExtraNetworks(draft, situation, [...cleared, ...attached]);
  }
  if (!mendLimits(draft, situation, { cleared, kept })) tellRunner(draft, situation);
}

/** Returns true when the container restarts for it: its configuration then goes by the spool. */
function mendLimits(
  draft: Draft,
  situation: Situation,
  { cleared, kept }: Readonly<{ cleared: readonly number[]; kept: ObservedContainer }>,
): boolean {
  const repair = limitRepair(situation);
  if (repair.kind === "none") return false;
  const { limits, changes, cause, external } = repair;
  const detail = {
    resource: `container:${situation.desired.project}`,
    cause,
    external,
    changes,
    after: cleared,
  };
  if (repair.kind === "live") {
    draft.add(
      { kind: "update-container", containerId: kept.id, limits },
      { ...detail, impact: "live" },
    );
    return false;
  }
  if (!mayStart(draft, situation)) return false;
  const halted = haltContainer(draft, { situation, container: kept, detail });
  const update = draft.add(
    { kind: "update-container", containerId: kept.id, limits },
    { ...detail, changes: [], after: halted },
  );
  const spool = prepareSpool(draft, situation, halted);
  startContainer(draft, situation, {
    containerId: kept.id,
    after: [update, ...spool],
    reason: { cause: `limits set by #${update}`, external: false },
  });
  return true;
}

function startContainer(
  draft: Draft,
  { desired }: Situation,
  { containerId, after, reason }: Start,
): void {
  draft.add(
    { kind: "start-container", containerId },
    { resource: `container:${desired.project}`, ...reason, after },
  );
}

/** Always before a start: the runner reads its configuration from the spool, and an older one may lie there. */
function prepareSpool(
  draft: Draft,
  { desired, observed }: Situation,
  after: readonly number[],
): readonly number[] {
  if (desired.runnerConfig === null) return after;
  const cause = observed.spoolReady ? "configuration for the start" : "no spool";
  return [
    draft.add(
      { kind: "prepare-spool", config: desired.runnerConfig },
      { resource: `spool:${desired.project}`, cause, after },
    ),
  ];
}

function provideImage(draft: Draft, { desired, observed }: Situation): readonly number[] {
  if (observed.imageKnown) return [];
  const resource = `image:${desired.project}`;
  return [
    draft.add(
      { kind: "ensure-image", image: desired.image },
      { resource, cause: `${desired.image} is not on this host` },
    ),
  ];
}

function provideVolumes(draft: Draft, { desired, observed }: Situation): readonly number[] {
  return desired.volumes
    .filter(({ name }) => !observed.volumes.includes(name))
    .map(({ name, key }) =>
      draft.add(
        { kind: "create-volume", volume: key, name },
        { resource: `volume:${desired.project}.${key}`, cause: "no volume" },
      ),
    );
}
