/** Orphans: containers and networks of ours that no record names; stopped first, removed after their grace. */
import { act } from "../act/act.ts";
import type { Step } from "../model/step.ts";
import { ORPHANS } from "../plan/orphans.ts";
import { intend, settle } from "../record/steps.ts";
import { actDoors } from "./act-doors.ts";
import type { Session } from "./session.ts";

/** Carries out orphan steps through the step journal like any other plan; failures are seen again at the next relist. */
export async function removeOrphans(steps: readonly Step[], session: Session): Promise<void> {
  const { doors, world } = session;
  const plan = { project: ORPHANS, generation: world.generation, steps, waiting: [] };
  const under = { postgres: doors.postgres, epoch: world.install.epoch, owed: world.owed };
  const opened = await intend(plan, session.newId(), under);
  const outcomes = await act(plan, actDoors(session, opened), session.signal);
  await settle(opened, outcomes, under);
  for (const [index, outcome] of outcomes.entries()) {
    const step = steps[index];
    if (step === undefined || outcome.kind === "skipped") continue;
    session.outbox.add({
      project: null,
      kind: outcome.kind === "done" ? "orphan.tidied" : "step.failed",
      cause: "daemon",
      message: `${step.resource}: ${step.cause}${outcome.kind === "failed" ? `: ${outcome.detail}` : ""}`,
      fields: { step: step.kind },
    });
  }
  void session.outbox.flush();
}
