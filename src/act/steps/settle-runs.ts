/** Gives every unfinished run its terminal record: what the journal still tells first, `lost` for the rest. */
import type { ActStep } from "../context.ts";

/** Journal events read in one go; the spool's journal is capped at 64 MiB. */
const MAX_ROUNDS = 1000;

export const settleRuns: ActStep<"settle-runs"> = async (step, { runners, postgres, own }) => {
  let after = 0;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const events = await runners.readJournal(step.project, after);
    if (events.length === 0) break;
    await postgres.ingest({ epoch: own.epoch, project: step.project, generation: 0, events });
    after = events.at(-1)?.seq ?? after;
  }
  const lost = await postgres.loseRuns({
    epoch: own.epoch,
    project: step.project,
    reason: step.reason,
    boot: null,
  });
  return lost === 0 ? null : `${lost} runs lost`;
};
