/** The project pass: the whole job for one project, from what is wanted to what was done. */
import { BerthError } from "../base/errors.ts";
import { act } from "../act/act.ts";
import { settledPhase } from "../model/lifecycle.ts";
import { checkPlan } from "../plan/checks.ts";
import { renderPlan } from "../plan/render.ts";
import { intend, settle, settleOwed } from "../record/steps.ts";
import { absorb, readAnew } from "./absorb.ts";
import { actDoors } from "./act-doors.ts";
import { noteDeath } from "./deaths.ts";
import { failed } from "./failed.ts";
import { groundsOf, planProject } from "./plan-project.ts";
import { NOT_ENFORCED } from "./check-limits.ts";
import { areEchoes, REPORTED } from "./reasons.ts";
import { countRepair, repairDelayMs } from "./repairs.ts";
import type { Session } from "./session.ts";

/** One pass; what goes wrong is recorded and decides when the next one comes. Never throws. */
export async function projectPass(
  project: string,
  reasons: readonly string[],
  session: Session,
): Promise<void> {
  const begun = session.now();
  if (reasons.every((reason) => reason === REPORTED) && isArrived(project, session)) return;
  try {
    const acted = await pass(project, reasons, session);
    if (acted) session.log.info({ project, reasons, ms: session.now() - begun }, "pass");
    session.metrics.pass("project", (session.now() - begun) / 1000, true);
  } catch (error) {
    session.metrics.pass("project", (session.now() - begun) / 1000, false);
    failed(project, error, session);
  } finally {
    session.world.acting.delete(project);
    session.world.starting.delete(project);
  }
}

async function pass(
  project: string,
  reasons: readonly string[],
  session: Session,
): Promise<boolean> {
  const { world, doors, relist } = session;
  const begun = relist.mark();
  const record = world.records.get(project);
  if (record === undefined || session.signal.aborted) return false;
  if (world.doubted.has(project)) return doubted(project, session);

  const under = { postgres: doors.postgres, epoch: world.install.epoch, owed: world.owed };
  await settleOwed(under);
  const grounds = await groundsOf(record, session);
  const acted = areEchoes(reasons) ? world.acted.get(project) : undefined;
  const snapshot = await relist.since(acted ?? begun);
  const { plan, desired, observed } = await planProject({ record, grounds, snapshot }, session);
  const faults = checkPlan(plan, desired, observed);
  if (faults.length > 0)
    throw new BerthError("defect", { code: "plan.unsound", detail: faults.join("; ") });
  await noteDeath(project, observed, session);
  if (plan.steps.length === 0) return nothingToDo(project, session);
  if (world.refused.get(project) === renderPlan(plan)) return false;
  const delayMs = repairDelayMs(plan, observed, session);
  if (delayMs > 0) return later(project, delayMs, session);

  const opened = await intend(plan, session.newId(), under);
  const outcomes = await act(plan, actDoors(session, opened), session.signal).finally(() =>
    world.acted.set(project, relist.mark()),
  );
  countRepair({ plan, observed, outcomes }, session);
  // What was done is remembered also when the database refuses to hear of it.
  await settle(opened, outcomes, under).finally(() => absorb(plan, outcomes, session));
  return true;
}

/** The next pass acts on what was read. */
async function doubted(project: string, session: Session): Promise<false> {
  await readAnew(project, session);
  return false;
}

/** A report may have waited for the very pass that found its project arrived. */
function isArrived(project: string, { world }: Session): boolean {
  const record = world.records.get(project);
  return record !== undefined && record.phase === settledPhase(record.wanted);
}

function nothingToDo(project: string, session: Session): false {
  // It runs although it was to be woken: rest had not been reached yet.
  if (session.doors.runners.connected(project) && !session.doors.runners.frozen(project))
    session.idle.woken(project);
  session.world.refused.delete(project);
  // What the kernel does not enforce no plan can mend: only a sample that shows the limits takes it back.
  if (session.world.faults.get(project)?.code !== NOT_ENFORCED)
    session.world.faults.delete(project);
  return false;
}

function later(project: string, delayMs: number, session: Session): false {
  session.trigger(project, "repair-delay", delayMs);
  return false;
}
