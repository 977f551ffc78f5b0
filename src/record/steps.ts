/** The step journal: the intention is written before the engine is touched, the outcome after. */
import type { Outcome, Plan } from "../model/step.ts";
import type { PostgresDoor, StepSettlement } from "../postgres/door.ts";

/** The database and the epoch a row is written under. */
export interface Under {
  readonly postgres: PostgresDoor;
  readonly epoch: number;
}

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

/** Settles every row of an opened plan. */
export async function settle(
  opened: OpenedPlan,
  outcomes: readonly Outcome[],
  under: Under,
): Promise<void> {
  const settlements: StepSettlement[] = [];
  outcomes.forEach((outcome, index) => {
    const rowId = opened.rows[index];
    if (rowId !== undefined) settlements.push(settlement(rowId, outcome));
  });
  await under.postgres.settleSteps(under.epoch, settlements);
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
