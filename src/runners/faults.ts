/** The errors of the runners' door, and foreign ones translated into them. */
import { BerthError, type ErrorKind } from "../base/errors.ts";

export function unreachable(project: string, why: string, cause?: unknown): BerthError {
  return new BerthError("transient", {
    code: "runners.unreachable",
    detail: `the runner of ${project} cannot be reached: ${why}`,
    hint: `berth describe ${project}`,
    cause,
  });
}

export function timedOut(project: string, what: string, afterMs: number): BerthError {
  return new BerthError("transient", {
    code: "runners.timeout",
    detail: `the runner of ${project} did not answer ${what} within ${afterMs} ms`,
  });
}

export function frozen(project: string): BerthError {
  return new BerthError("conflict", {
    code: "runners.frozen",
    detail: `the container of ${project} is frozen, its runner cannot answer`,
    hint: `berth resume ${project}`,
  });
}

function staleEpoch(project: string, detail: string): BerthError {
  return new BerthError("conflict", {
    code: "runners.epoch-stale",
    detail: `the runner of ${project} obeys a newer daemon: ${detail}`,
  });
}

export function busy(project: string): BerthError {
  return new BerthError("transient", {
    code: "runners.requests-full",
    detail: `too many requests to the runner of ${project} are unanswered`,
  });
}

export function tasksUnknown(project: string): BerthError {
  return new BerthError("conflict", {
    code: "runners.tasks-unknown",
    detail: `the runner of ${project} is from before there were tasks`,
    hint: `berth restart ${project}`,
  });
}

export function spoolFault(project: string, what: string, cause: unknown): BerthError {
  return new BerthError("transient", {
    code: "runners.spool-unusable",
    detail: `the spool of ${project}: ${what}`,
    hint: "berth doctor",
    cause,
  });
}

/** A reply carries the code only; what is not here the operator has to mend. */
const KIND_OF_REFUSAL: Readonly<Record<string, ErrorKind>> = {
  "runner.exec-full": "capacity",
  "runner.task-blocked": "capacity",
  "runner.tasks-full": "capacity",
  "runner.config-missing": "conflict",
  "runner.install-foreign": "conflict",
};

/** A refusal by the runner keeps the runner's code; a stale epoch has one code whoever noticed it. */
export function refusedByRunner(project: string, code: string, detail: string): BerthError {
  if (code === "runner.epoch-stale") return staleEpoch(project, detail);
  return new BerthError(KIND_OF_REFUSAL[code] ?? "rejected", {
    code,
    detail: `${project}: ${detail}`,
  });
}

/** The system's name for a failure (`ENOENT`), or null. */
export function systemCode(thrown: unknown): string | null {
  if (!(thrown instanceof Error) || !("code" in thrown)) return null;
  return typeof thrown.code === "string" ? thrown.code : null;
}

/** True when a file or directory is simply not there. */
export function isAbsent(thrown: unknown): boolean {
  const code = systemCode(thrown);
  return code === "ENOENT" || code === "ENOTDIR";
}
