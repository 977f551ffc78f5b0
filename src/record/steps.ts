/** The step journal: the intention is written before the engine is touched, the outcome after. */
import type { Outcome, Plan, Step } from "../model/step.ts";
import type { PostgresDoor, StepRow, StepSettlement } from "../postgres/door.ts";

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
  readonly pass: string;
  /** Journal row by step; a step that is journalled by its own write has none. */
  readonly rows: ReadonlyMap<number, number>;
}

/** A step as the journal has it. */
export function stepRow(step: Step, { generation }: Plan, pass: string): StepRow {
  const { project, id, kind, resource, cause, external } = step;
  return { project, pass, step: id, kind, resource, cause, external, generation };
}

/** Its one write is in Postgres and takes the journal's row along: an intention before it would tell nobody anything. */
const journalsItself = (step: Step): boolean => step.kind === "settle-phase";

/** Opens a row a step under our epoch; throws conflict when the epoch is stale, transient when Postgres is away. */
export async function intend(plan: Plan, pass: string, under: Under): Promise<OpenedPlan> {
  const steps = plan.steps.filter((step) => !journalsItself(step));
  if (steps.length === 0) return { plan, pass, rows: new Map() };
  const ids = await under.postgres.openSteps(
    under.epoch,
    steps.map((step) => stepRow(step, plan, pass)),
  );
  return {
    plan,
    pass,
    rows: new Map(steps.flatMap(({ id }, at) => (ids[at] === undefined ? [] : [[id, ids[at]]]))),
  };
}

/** Settles every row of an opened plan, and what is owed; what is refused is owed from then on. */
export async function settle(
  opened: OpenedPlan,
  outcomes: readonly Outcome[],
  under: Under,
): Promise<void> {
  outcomes.forEach((outcome) => {
    const rowId = opened.rows.get(outcome.step);
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
