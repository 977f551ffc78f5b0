/** The step journal: the intention is written before the engine is touched, the outcome after. */
import type { Outcome, Plan } from "../model/step.ts";
import type { PostgresDoor, StepSettlement } from "../postgres/door.ts";

/** The database and the epoch a row is written under. */
export interface Under {
  readonly postgres: PostgresDoor;
  readonly epoch: number;
  /** Outcomes of what was done that the database refused to take: written with the next ones. */
  readonly owed: StepSettlement[];
}

/** Outcomes kept for a database that refuses them; a row whose outcome is dropped is closed as unknown by the next leader. */
const MAX_OWED = 10_000;

export interface OpenedPlan {
  readonly plan: Plan;
  /** Journal row of each step, in the plan's order. */
  readonly rows: readonly number[];
}

/** Opens a row a step under our epoch; throws conflict when the epoch is stale, transient when Postgres is away. */
export async function intend(plan: Plan, pass: string, under: Under): Promise<OpenedPlan> {
  const rows = await under.postgres.openSteps(
    under.epoch,
    plan.steps.map((step) => ({
      project: step.project,
      pass,
      step: step.id,
      kind: step.kind,
      resource: step.resource,
      cause: step.cause,
      external: step.external,
      generation: plan.generation,
    })),
  );
  return { plan, rows };
}

/** Settles every row of an opened plan, and what is owed; what is refused is owed from then on. */
export async function settle(
  opened: OpenedPlan,
  outcomes: readonly Outcome[],
  under: Under,
): Promise<void> {
  outcomes.forEach((outcome, index) => {
    const rowId = opened.rows[index];
    if (rowId !== undefined) under.owed.push(settlement(rowId, outcome));
  });
  await settleOwed(under);
}

/** Writes the outcomes that could not be written before; costs nothing when none are owed. */
export async function settleOwed({ postgres, epoch, owed }: Under): Promise<void> {
  if (owed.length === 0) return;
  const due = owed.splice(0);
  try {
    await postgres.settleSteps(epoch, due);
  } catch (thrown) {
    owed.unshift(...due);
    owed.splice(MAX_OWED);
    throw thrown;
  }
}

function settlement(rowId: number, outcome: Outcome): StepSettlement {
  switch (outcome.kind) {
    case "done":
      return { rowId, outcome: "done", code: null, detail: outcome.note };
    case "failed":
      return { rowId, outcome: "failed", code: outcome.code, detail: outcome.detail };
    case "skipped":
      return { rowId, outcome: "skipped", code: null, detail: outcome.reason };
  }
}
