/** What a pass's outcomes change in the leader's memory, and which pass they call for. */
import type { Outcome, Plan, Step } from "../model/step.ts";
import { settledPhase } from "../model/lifecycle.ts";
import { renderPlan } from "../plan/render.ts";
import { isPassing, failed, retry, succeeded } from "./failed.ts";
import { VERIFY } from "./reasons.ts";
import type { Session } from "./session.ts";
import { forgetProject } from "./world.ts";
import { BerthError } from "../base/errors.ts";

/** Takes the outcomes in; never throws. */
export function absorb(plan: Plan, outcomes: readonly Outcome[], session: Session): void {
  const { world } = session;
  let freed = false;
  for (const [index, outcome] of outcomes.entries()) {
    const step = plan.steps[index];
    if (step === undefined || outcome.kind !== "done") continue;
    remember(step, outcome.note, session);
    announce(step, session);
    freed ||= FREEING.has(step.kind) || (step.kind === "settle-phase" && step.to !== "active");
  }
  if (freed) session.triggerHost("capacity freed");
  const failure = outcomes.find((outcome) => outcome.kind === "failed");
  if (failure?.kind === "failed") {
    giveBack(plan, failure, session);
    return;
  }
  succeeded(plan.project, session);
  world.faults.delete(plan.project);
  world.refused.delete(plan.project);
  if (hasMovedOn(plan, outcomes)) void readAnew(plan.project, session);
  else lookAgain(plan, session);
}

/** The records were elsewhere than is remembered: the answer to some write was lost. */
function hasMovedOn({ steps }: Plan, outcomes: readonly Outcome[]): boolean {
  return outcomes.some(
    (outcome, at) =>
      outcome.kind === "done" && outcome.note !== null && steps[at]?.kind === "settle-phase",
  );
}

/** What is recorded takes the place of what is remembered, unless that is news by now; looking again before would find the same for ever. */
export async function readAnew(project: string, session: Session): Promise<void> {
  const { world, doors } = session;
  const before = world.records.get(project);
  world.doubted.add(project);
  try {
    const row = (await doors.postgres.projects()).find(({ name }) => name === project);
    world.doubted.delete(project);
    if (world.records.get(project) === before) {
      if (row === undefined) forgetAll(project, session);
      else world.records.set(project, row);
    }
    session.triggerHost("recorded otherwise");
    session.trigger(project, "recorded otherwise");
  } catch (error) {
    failed(project, error, session);
  }
}

/** Looks at the reached state once more: a second pass does nothing, unless the world moved meanwhile. */
function lookAgain({ project, steps }: Plan, session: Session): void {
  const record = session.world.records.get(project);
  if (record === undefined) return;
  // That it has arrived is recorded only when a look found everything as wanted.
  const arrived = record.phase === settledPhase(record.wanted);
  if (arrived && steps.every(({ kind }) => kind === "settle-phase")) return;
  const started = steps.some(({ kind }) => kind === "start-container");
  session.trigger(project, VERIFY, started ? AFTER_START_MS : 0);
}

const FREEING: ReadonlySet<string> = new Set([
  "stop-container",
  "remove-container",
  "update-container",
]);
/** A runner is heard from well before this, and what it says calls for the next look: this is for one that stays silent. */
const AFTER_START_MS = 1_000;

function giveBack(
  plan: Plan,
  failure: Extract<Outcome, { kind: "failed" }>,
  session: Session,
): void {
  if (failure.code === "postgres.epoch-stale") {
    failed(
      plan.project,
      new BerthError("conflict", { code: failure.code, detail: failure.detail }),
      session,
    );
    return;
  }
  const { world } = session;
  const resource = plan.steps[failure.step - 1]?.resource ?? plan.project;
  world.faults.set(plan.project, {
    passing: isPassing(plan.project, { kind: failure.errorKind, code: failure.code }, session),
    code: failure.code,
    detail: `${resource}: ${failure.detail}`,
    at: session.now(),
  });
  session.log.warn(
    { project: plan.project, step: failure.step, code: failure.code, detail: failure.detail },
    "step failed",
  );
  session.outbox.add({
    project: plan.project,
    kind: "step.failed",
    cause: "daemon",
    message: `${resource}: ${failure.detail}`,
    fields: { code: failure.code, step: failure.step },
  });
  void session.outbox.flush();
  if (failure.code === "docker.subnet-taken") {
    void anotherSubnet(plan.project, session);
    return;
  }
  if (failure.errorKind === "rejected") world.refused.set(plan.project, renderPlan(plan));
  retry(plan.project, failure.errorKind, session);
}

/** Somebody else has taken the addresses: ours go back, are avoided from now on, and the next pass allocates others. */
async function anotherSubnet(project: string, session: Session): Promise<void> {
  const { world, doors } = session;
  const record = world.records.get(project);
  if (record?.subnet === null || record?.subnet === undefined) return;
  world.badSubnets.add(record.subnet);
  try {
    await doors.postgres.releaseSubnet({ epoch: world.install.epoch, project });
    const current = world.records.get(project);
    if (current !== undefined) world.records.set(project, { ...current, subnet: null });
    session.trigger(project, "another subnet");
  } catch (error) {
    failed(project, error, session);
  }
}

function settled(step: Extract<Step, { kind: "settle-phase" }>, session: Session): void {
  const { world } = session;
  const record = world.records.get(step.project);
  if (step.to === "removed") forgetAll(step.project, session);
  else if (record !== undefined)
    world.records.set(step.project, { ...record, phase: step.to, phaseSince: session.now() });
}

/** A project that is gone. */
function forgetAll(project: string, session: Session): void {
  forgetProject(session.world, project);
  session.metrics.forget(project);
  session.questions?.ended(project);
  session.desk?.forget(project);
}

function remember(step: Step, note: string | null, session: Session): void {
  const { world, inspections, doors } = session;
  const record = world.records.get(step.project);
  switch (step.kind) {
    case "create-container":
      if (note !== null) world.applied.set(note, step.container.limits);
      return;
    case "update-container":
      world.applied.set(step.containerId, step.limits);
      inspections.forget(step.containerId);
      return;
    case "start-container":
      session.idle.woken(step.project);
      if (note !== null) inspections.forget(note);
      // Its socket appears within a moment: waiting for the relist would leave the project unheard until then.
      if (record !== undefined) doors.runners.attach(step.project, record.journalSeq);
      return;
    case "remove-container":
      inspections.forget(step.containerId);
      world.applied.delete(step.containerId);
      doors.runners.detach(step.project);
      return;
    case "prepare-spool":
      world.spools.add(step.project);
      return;
    case "remove-spool":
      world.spools.delete(step.project);
      return;
    case "settle-runs":
      world.openRuns.delete(step.project);
      session.questions?.ended(step.project);
      return;
    case "release-subnet":
      if (record !== undefined) world.records.set(step.project, { ...record, subnet: null });
      return;
    case "settle-phase":
      if (note === null) settled(step, session);
      return;
    case "thaw-container":
      session.idle.woken(step.project);
      return;
    case "ensure-image":
    case "create-volume":
    case "remove-volume":
    case "create-network":
    case "remove-network":
    case "connect-network":
    case "disconnect-network":
    case "pause-container":
    case "stop-container":
    case "configure-agents":
      return;
  }
}

/** Steps that people want to read of in `events`, as `noun.verb`. */
const TOLD: Readonly<Partial<Record<Step["kind"], string>>> = {
  "create-container": "container.created",
  "start-container": "container.started",
  "stop-container": "container.stopped",
  "remove-container": "container.removed",
  "pause-container": "container.frozen",
  "thaw-container": "container.thawed",
  "update-container": "container.updated",
  "create-network": "network.created",
  "remove-network": "network.removed",
  "connect-network": "network.connected",
  "disconnect-network": "network.disconnected",
  "remove-volume": "volume.removed",
  "settle-phase": "project.settled",
};

function announce(step: Step, session: Session): void {
  const kind = TOLD[step.kind];
  if (step.external) session.metrics.drift(step.project, step.kind);
  if (kind === undefined) return;
  session.outbox.add({
    project: step.project,
    kind,
    cause: step.external ? "external" : "daemon",
    message:
      step.kind === "settle-phase"
        ? `${step.project} is ${step.to}`
        : `${step.resource}: ${step.cause}`,
    fields: step.kind === "settle-phase" ? { from: step.from, to: step.to } : { cause: step.cause },
  });
  void session.outbox.flush();
}
