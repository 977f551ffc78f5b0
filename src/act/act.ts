/** Walks a plan's graph: a step begins when all it comes after is done; it decides nothing. */
import { asBerthError, causeChain } from "../base/errors.ts";
import type { Outcome, Plan, Step, StepKind, StepOf } from "../model/step.ts";
import type { ActContext, ActDoors, ActStep } from "./context.ts";
import { configureAgents } from "./steps/configure-agents.ts";
import { connectNetwork } from "./steps/connect-network.ts";
import { createContainer } from "./steps/create-container.ts";
import { createNetwork } from "./steps/create-network.ts";
import { createVolume } from "./steps/create-volume.ts";
import { disconnectNetwork } from "./steps/disconnect-network.ts";
import { ensureImage } from "./steps/ensure-image.ts";
import { pauseContainer } from "./steps/pause-container.ts";
import { prepareSpool } from "./steps/prepare-spool.ts";
import { releaseSubnet } from "./steps/release-subnet.ts";
import { removeContainer } from "./steps/remove-container.ts";
import { removeNetwork } from "./steps/remove-network.ts";
import { removeSpool } from "./steps/remove-spool.ts";
import { removeVolume } from "./steps/remove-volume.ts";
import { settlePhase } from "./steps/settle-phase.ts";
import { settleRuns } from "./steps/settle-runs.ts";
import { startContainer } from "./steps/start-container.ts";
import { stopContainer } from "./steps/stop-container.ts";
import { thawContainer } from "./steps/thaw-container.ts";
import { updateContainer } from "./steps/update-container.ts";

/** Typed so that a step kind without an executor does not compile. */
const EXECUTORS: { readonly [K in StepKind]: ActStep<K> } = {
  "ensure-image": ensureImage,
  "create-volume": createVolume,
  "remove-volume": removeVolume,
  "create-network": createNetwork,
  "remove-network": removeNetwork,
  "connect-network": connectNetwork,
  "disconnect-network": disconnectNetwork,
  "prepare-spool": prepareSpool,
  "remove-spool": removeSpool,
  "create-container": createContainer,
  "start-container": startContainer,
  "update-container": updateContainer,
  "pause-container": pauseContainer,
  "thaw-container": thawContainer,
  "stop-container": stopContainer,
  "remove-container": removeContainer,
  "configure-agents": configureAgents,
  "settle-runs": settleRuns,
  "release-subnet": releaseSubnet,
  "settle-phase": settlePhase,
};

/** Steps that change nothing outside Postgres and the spool need no engine slot. */
const QUIET: ReadonlySet<StepKind> = new Set([
  "prepare-spool",
  "remove-spool",
  "configure-agents",
  "settle-runs",
  "release-subnet",
  "settle-phase",
]);

/** Runs one step through its executor. The cast-free call: `kind` fixes both the executor and the step. */
function execute<K extends StepKind>(
  kind: K,
  step: StepOf<K>,
  context: ActContext,
): Promise<string | null> {
  return EXECUTORS[kind](step, context);
}

/**
 * Acts on a plan; never throws for a failing step: its outcome says so and what comes after it is skipped.
 * Outcomes are in the order of the plan's steps.
 */
export async function act(
  plan: Plan,
  doors: ActDoors,
  signal: AbortSignal,
): Promise<readonly Outcome[]> {
  const context: ActContext = {
    ...doors,
    made: { containerId: null, networkId: null },
    // What was begun first is finished first: many plans at once would else all make their networks, one after another
    // inside the engine, before any of them has a container.
    line: doors.slots.line(),
    signal,
  };
  const settled = new Map<number, Promise<Outcome>>();
  for (const step of plan.steps) {
    const before = step.after
      .map((id) => settled.get(id))
      .filter((earlier) => earlier !== undefined);
    settled.set(step.id, runAfter(step, before, context));
  }
  return Promise.all(settled.values());
}

async function runAfter(
  step: Step,
  before: readonly Promise<Outcome>[],
  context: ActContext,
): Promise<Outcome> {
  const earlier = await Promise.all(before);
  const bad = earlier.find((outcome) => outcome.kind !== "done");
  if (bad !== undefined)
    return { step: step.id, kind: "skipped", reason: `#${bad.step} did not succeed` };
  if (context.signal.aborted)
    return { step: step.id, kind: "skipped", reason: "the pass was aborted" };
  try {
    const note = QUIET.has(step.kind)
      ? await execute(step.kind, step, context)
      : await context.slots.use(async () => {
          await context.confirmEpoch();
          return execute(step.kind, step, context);
        }, context);
    return { step: step.id, kind: "done", note };
  } catch (thrown) {
    const error = asBerthError(thrown);
    return {
      step: step.id,
      kind: "failed",
      code: error.code,
      detail: error.kind === "defect" ? causeChain(error) : error.message,
      errorKind: error.kind,
    };
  }
}
