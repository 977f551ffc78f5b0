/** The step journal: intentions before, outcomes after. */
import { BerthError } from "../base/errors.ts";
import type { OpenStep, StepRow, StepSettlement } from "./door.ts";
import type { Statements } from "./connection.ts";
import type { Session } from "./session.ts";

export type SettledStep = OpenStep &
  Readonly<{ outcome: string | null; detail: string | null; settledAt: number | null }>;

/** Row ids in the order given; the same step of the same pass opened twice is one row. */
export async function openSteps(
  session: Session,
  epoch: number,
  rows: readonly StepRow[],
): Promise<readonly number[]> {
  if (rows.length === 0) return [];
  return session.write({ operation: "open steps", epoch }, async (tx) => {
    const opened = await tx.rows<{ id: number }>("step-open", [
      epoch,
      rows.map((row) => row.pass),
      rows.map((row) => row.project),
      rows.map((row) => row.step),
      rows.map((row) => row.kind),
      rows.map((row) => row.resource),
      rows.map((row) => row.cause),
      rows.map((row) => row.external),
      rows.map((row) => row.generation),
    ]);
    if (opened.length !== rows.length) throw repeated();
    return opened.map((row) => row.id);
  });
}

/** Steps already settled stay as they are. */
export async function settleSteps(
  session: Session,
  epoch: number,
  settlements: readonly StepSettlement[],
): Promise<void> {
  if (settlements.length === 0) return;
  await session.write({ operation: "settle steps", epoch }, (tx) =>
    tx.last("step-settle", [
      settlements.map((one) => one.rowId),
      settlements.map((one) => one.outcome),
      settlements.map((one) => one.code),
      settlements.map((one) => one.detail),
    ]),
  );
}

/** Journals a step as done, in the transaction that does it. */
export async function writeDone(tx: Statements, epoch: number, row: StepRow): Promise<void> {
  await tx.rows("step-done", [
    epoch,
    row.pass,
    row.project,
    row.step,
    row.kind,
    row.resource,
    row.cause,
    row.external,
    row.generation,
  ]);
}

/** What leaders of other epochs left open, oldest first. */
export async function openStepsOfOthers(
  session: Session,
  epoch: number,
): Promise<readonly OpenStep[]> {
  return session.read<OpenStep & Record<string, unknown>>("step-open-of-others", [epoch]);
}

/** Newest first. */
export async function stepHistory(
  session: Session,
  project: string | null,
  limit: number,
): Promise<readonly SettledStep[]> {
  return session.read<SettledStep & Record<string, unknown>>("step-history", [project, limit]);
}

function repeated(): BerthError {
  return new BerthError("defect", {
    code: "postgres.step-repeated",
    detail: "a step of this pass was already settled under this epoch: pass names must not repeat",
  });
}
