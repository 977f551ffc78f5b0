/** What stories of the task desk start from: a project with one worker, fates in turn, and runners that a dead daemon no longer hears. */
import * as fc from "fast-check";
import type { ProjectSpec } from "../../src/model/project.ts";
import { agentSpec, projectSpec } from "./declarations.ts";
import { type DeskRunners, heardRunner } from "./desk-session.ts";
import type { Fate } from "./fake-task-door.ts";

export const SLOTS = 3;
export const BY = { who: "local", claim: null, reason: null };

/** `web` with the worker `coder`; as many of it as there are slots, unless fewer are said. */
export function workerProject({
  max = SLOTS,
  timeoutMs = 1_000,
  retries = 0,
}: Readonly<{ max?: number; timeoutMs?: number; retries?: number }> = {}): ProjectSpec {
  const task = { min: 0, max, timeoutMs, retries: { max: retries, backoffMs: 0 } };
  return projectSpec("web", {
    limits: { ...projectSpec("web").limits, agents: SLOTS },
    agents: { coder: agentSpec("coder", { replicas: 0, task }) },
  });
}

/** Half of all calls are answered; of the others the call or the answer is lost. */
export const FATE = fc.constantFrom<Fate>("answered", "answered", "before", "after");

/** One after the other, and `then` when they are used up. */
export function inTurn<T>(list: readonly T[], then: T): () => T {
  const left = list.values();
  return () => left.next().value ?? then;
}

/** From the daemon's end on nothing is told any more. */
export function runnersUntil(
  ended: AbortSignal,
  runner: Parameters<typeof heardRunner>[0],
): DeskRunners {
  return heardRunner({
    take: (request) => (ended.aborted ? new Promise(() => undefined) : runner.take(request)),
  });
}
