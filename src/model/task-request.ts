/** What is wrong with a submission: first what it shows by itself, then what the project it names says to it. Pure. */
import type { ErrorKind } from "../base/errors.ts";
import type { ProjectSpec } from "./project.ts";
import { MAX_PAYLOAD_BYTES, type TaskRequest } from "./task.ts";

export interface RequestFault {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly detail: string;
}

/** A payload that is too large, a deadline that is past; null when neither. `payloadBytes` is its JSON's size in UTF-8. */
export function requestFault(
  { deadlineAt }: Pick<TaskRequest, "deadlineAt">,
  payloadBytes: number,
  now: number,
): RequestFault | null {
  if (payloadBytes > MAX_PAYLOAD_BYTES)
    return {
      kind: "usage",
      code: "task.payload-too-large",
      detail: `the payload is ${payloadBytes} bytes of JSON, at most ${MAX_PAYLOAD_BYTES} are kept: put it into the workspace and send its path`,
    };
  if (deadlineAt !== null && deadlineAt <= now)
    return {
      kind: "usage",
      code: "task.deadline-past",
      detail: `the deadline passed ${Math.ceil((now - deadlineAt) / 1000)} s ago`,
    };
  return null;
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
