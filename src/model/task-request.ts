/** What is wrong with a submission: first what it shows by itself, then what the project it names says to it. Pure. */
import { roughDuration } from "../base/duration.ts";
import type { ErrorKind } from "../base/errors.ts";
import { instantText } from "../base/instant.ts";
import type { Wanted } from "./lifecycle.ts";
import type { ProjectSpec } from "./project.ts";
import { MAX_PAYLOAD_BYTES, type TaskRequest } from "./task.ts";

export interface RequestFault {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly detail: string;
  readonly hint?: string;
}

/** A payload that is too large; null when it is not. `payloadBytes` is its JSON's size in UTF-8. */
export function payloadFault(payloadBytes: number): RequestFault | null {
  if (payloadBytes <= MAX_PAYLOAD_BYTES) return null;
  return {
    kind: "usage",
    code: "task.payload-too-large",
    detail: `the payload is ${payloadBytes} bytes of JSON, at most ${MAX_PAYLOAD_BYTES} are kept: put it into the workspace and send its path`,
  };
}

/** Before it milliseconds are no instant anybody means, but seconds, or a duration: March 1973. */
const EARLIEST_MS = 100_000_000_000;
/** Longer from now on nobody says; an instant was meant. */
const LONGEST_MS = 10 * 365 * 86_400_000;
/** The end of the year 9999; behind it are microseconds. */
const LATEST_MS = 253_402_300_799_999;
const UNITS =
  "deadlineAt is milliseconds since 1970, deadlineMs milliseconds from now on; `berth run --deadline` takes 10m, or 2026-01-31T12:00:00Z";

function unlikely(detail: string): RequestFault {
  return { kind: "usage", code: "task.deadline-unlikely", detail, hint: UNITS };
}

function past(detail: string, hint: string): RequestFault {
  return { kind: "usage", code: "task.deadline-past", detail, hint };
}

/** A deadline that is past, or that nobody means; null when it is neither. `now` in milliseconds since the epoch. */
export function deadlineFault(
  { deadlineAt, deadlineMs }: Pick<TaskRequest, "deadlineAt" | "deadlineMs">,
  now: number,
): RequestFault | null {
  if (deadlineAt === null) return null;
  const instant = instantText(deadlineAt);
  if (deadlineMs !== null && deadlineMs > LONGEST_MS)
    return unlikely(`a deadline in ${roughDuration(deadlineMs)} is more than ten years ahead`);
  if (deadlineAt > LATEST_MS) return unlikely(`the deadline ${deadlineAt} would be ${instant}`);
  if (deadlineAt > now) return null;
  if (deadlineAt < EARLIEST_MS)
    return past(`the deadline ${deadlineAt} would be ${instant}, long ago`, UNITS);
  return past(
    `the deadline ${instant} passed ${roughDuration(now - deadlineAt)} ago`,
    "it has to be ahead: a time to come, or a duration from now on",
  );
}

/** A project that is completed takes no work; one that is paused or stopped does, which waits. Null when it may be queued. */
export function completedFault(project: string, wanted: Wanted): RequestFault | null {
  if (wanted !== "completed") return null;
  return {
    kind: "conflict",
    code: "task.project-completed",
    detail: `${project} is completed and takes no tasks`,
    hint: `\`berth start ${project}\` runs it again`,
  };
}

/** Nobody is there to work on it, or not a worker; null when it can be queued. */
export function workerFault(
  request: Pick<TaskRequest, "project" | "agent">,
  spec: ProjectSpec | undefined,
): RequestFault | null {
  const { project, agent } = request;
  if (spec === undefined)
    return {
      kind: "usage",
      code: "task.project-unknown",
      detail: `there is no project ${project}`,
    };
  const found = Object.hasOwn(spec.agents, agent) ? spec.agents[agent] : undefined;
  const workers = Object.values(spec.agents).flatMap(({ name, task }) =>
    task === null ? [] : [name],
  );
  const which = workers.length === 0 ? "it has no worker" : `its workers: ${workers.join(", ")}`;
  if (found === undefined)
    return {
      kind: "usage",
      code: "task.agent-unknown",
      detail: `${project} declares no agent ${agent}; ${which}`,
    };
  if (found.task === null)
    return {
      kind: "usage",
      code: "task.agent-is-service",
      detail: `${project}/${agent} is a service, which takes no tasks; ${which}`,
    };
  return null;
}
