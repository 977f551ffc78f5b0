/** The steps for a project that is frozen or stopped: its container stays, nothing is started or replaced. */
import { restlessReason } from "../drift.ts";
import { isLive } from "../live.ts";
import type { Draft } from "./draft.ts";
import { haltContainer, retireExtras } from "./retire.ts";
import type { Situation } from "./situation.ts";

/** Freezes what runs. A container that is not running rests already: starting it only to freeze it would serve nobody. */
export function planFrozen(draft: Draft, situation: Situation): void {
  const cleared = retireExtras(draft, situation);
  const { kept, desired } = situation;
  if (kept !== null && isLive(kept.state)) {
    if (kept.state === "paused") return;
    if (kept.state === "restarting") {
      draft.wait(`engine: container ${kept.name} is restarting`);
      return;
    }
    const reason = restlessReason(situation, "thawed externally", "project is to be frozen");
    draft.add(
      { kind: "pause-container", containerId: kept.id },
      {
        resource: `container:${desired.project}`,
        ...reason,
        impact: "live",
        after: cleared,
        interrupts: situation.inside,
      },
    );
    return;
  }
  settleRuns(draft, situation, cleared);
}

/** Stops what lives; container, network and workspace stay. */
export function planStopped(draft: Draft, situation: Situation): void {
  const cleared = retireExtras(draft, situation);
  const { kept } = situation;
  const reason = restlessReason(situation, "started externally", "project is to be stopped");
  const halted =
    kept === null
      ? cleared
      : haltContainer(draft, { situation, container: kept, detail: { ...reason, after: cleared } });
  settleRuns(draft, situation, halted);
}

/** Runs that nothing will report on any more get their terminal record; the spool is read first. */
export function settleRuns(
  draft: Draft,
  { desired, observed }: Situation,
  after: readonly number[],
): readonly number[] {
  if (!observed.hasOpenRuns) return after;
  const reason = "the container ended before the run's end was recorded";
  return [
    draft.add(
      { kind: "settle-runs", reason },
      { resource: `project:${desired.project}`, cause: "nothing runs any more", after },
    ),
  ];
}
