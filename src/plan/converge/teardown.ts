/** The steps for a project that is to have nothing on the engine; `remove` also takes its spool and, if asked, its volumes. */
import { isLive } from "../live.ts";
import { externalIfSettled } from "../drift.ts";
import type { Draft } from "./draft.ts";
import { retireContainer } from "./retire.ts";
import { settleRuns } from "./resting.ts";
import type { Situation } from "./situation.ts";

/** Container first, then what it used; volumes last and only when the operator said so. */
export function planTeardown(draft: Draft, situation: Situation): void {
  const { desired, observed, network, extraNetworks } = situation;
  const gone = retireAll(draft, situation);
  for (const { name } of situation.leaving)
    draft.wait(`engine: container ${name} is still being removed`);
  if (situation.leaving.length > 0) return;
  const cause = causeOf(situation);
  const networks = network === null ? extraNetworks : [network, ...extraNetworks];
  const removed = networks.map(({ id }) =>
    draft.add(
      { kind: "remove-network", networkId: id },
      { resource: `network:${desired.project}`, cause, after: gone },
    ),
  );
  if (observed.subnet !== null) {
    const resource = `subnet:${desired.project}`;
    draft.add(
      { kind: "release-subnet" },
      {
        resource,
        cause: `${observed.subnet} is not needed any more`,
        after: [...gone, ...removed],
      },
    );
  }
  const recorded = settleRuns(draft, situation, gone);
  if (desired.wanted !== "removed") return;
  if (observed.spoolReady) {
    const resource = `spool:${desired.project}`;
    draft.add(
      { kind: "remove-spool" },
      { resource, cause, impact: "data", after: [...gone, ...recorded] },
    );
  }
  if (!desired.removeVolumes) return;
  for (const name of observed.volumes.toSorted()) {
    const resource = `volume:${name.replace(`${desired.objectName}.`, `${desired.project}.`)}`;
    draft.add(
      { kind: "remove-volume", name },
      { resource, cause: "removed with its volumes", impact: "data", after: gone },
    );
  }
}

function retireAll(draft: Draft, situation: Situation): readonly number[] {
  const { kept, extras } = situation;
  const cause = causeOf(situation);
  return [...(kept === null ? [] : [kept]), ...extras].map((container) => {
    const reason = isLive(container.state)
      ? externalIfSettled(situation, `${cause}, but it was started externally`, cause)
      : { cause };
    return retireContainer(draft, { situation, container, detail: reason });
  });
}

function causeOf({ desired }: Situation): string {
  switch (desired.wanted) {
    case "removed":
      return "project is removed";
    case "completed":
      return "project is completed";
    case "inactive":
    case "active":
    case "frozen":
    case "stopped":
      return "project is inactive";
  }
}
