/** What a failed pass leads to, by who must act. */
import { asBerthError, causeChain } from "../base/errors.ts";
import type { Session } from "./session.ts";

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;
/** Kinds that end by themselves: by trying again, or once there is room. */
const PASSING: ReadonlySet<string> = new Set(["transient", "conflict", "capacity"]);
/** A registry that was unreachable this often in a row: a wrong name looks the same, so somebody must look. Tries go on. */
const PULLS_BELIEVED = 3;
/** Retry delays by project; bounded by the number of projects, cleared on success. */
const attempts = new WeakMap<Session, Map<string, number>>();

/** Marks the project, tells the log once with the whole cause chain, and sets the time of the next try. */
export function failed(project: string, thrown: unknown, session: Session): void {
  const error = asBerthError(thrown);
  if (error.code === "postgres.epoch-stale") {
    session.fenced(error.message);
    return;
  }
  if (session.signal.aborted) return;
  session.log.warn({ project, code: error.code, chain: causeChain(error) }, "pass failed");
  const { code, message: detail } = error;
  const passing = isPassing(project, error, session);
  session.world.faults.set(project, { passing, code, detail, at: session.now() });
  retry(project, error.kind, session);
}

/** Whether a failure is still believed to end by itself. */
export function isPassing(
  project: string,
  failure: Readonly<{ kind: string; code: string }>,
  session: Session,
): boolean {
  const before = attempts.get(session)?.get(project) ?? 0;
  if (failure.code === "docker.registry-unreachable" && before + 1 >= PULLS_BELIEVED) return false;
  // The next pass takes another one by itself, until the pool is exhausted: that is a failure of its own.
  return failure.code === "docker.subnet-taken" || PASSING.has(failure.kind);
}

/** Asks for the next pass after a failure of this kind: conflicts at once, refusals never, all else with backoff and jitter. */
export function retry(project: string, kind: string, session: Session): void {
  if (kind === "rejected" || kind === "declaration") return;
  const counts = attempts.get(session) ?? new Map<string, number>();
  attempts.set(session, counts);
  const count = counts.get(project) ?? 0;
  counts.set(project, count + 1);
  const delayMs =
    kind === "conflict" && count === 0
      ? 0
      : Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** count) * (0.5 + session.chance());
  session.trigger(project, `retry after ${kind}`, delayMs);
}

/** A pass of this project went well: the next failure starts with a short delay again. */
export function succeeded(project: string, session: Session): void {
  attempts.get(session)?.delete(project);
}
