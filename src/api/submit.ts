/** Submissions: what a request shows by itself is refused here, the rest is for the daemon; one bad task spoils no other. */
import { BerthError } from "../base/errors.ts";
import type { Daemon } from "../loop/daemon.ts";
import { payloadFault, type RequestFault } from "../model/task-request.ts";
import type { TaskRequest } from "../model/task.ts";
import type { Submitted } from "../model/task-view.ts";
import type { Asker } from "../postgres/door.ts";

/** Deeper than anything meant, and far below what the stack carries. */
const DEPTH_MAX = 100;

interface Submission {
  readonly requests: readonly TaskRequest[];
  readonly by: Asker;
}

/** One answer a request, in order; the good ones reach the daemon in one call. */
export async function submitTasks(
  daemon: Daemon,
  { requests, by }: Submission,
): Promise<readonly Submitted[]> {
  const faults = requests.map(faultOf);
  const good = requests.filter((_request, at) => faults[at] === null);
  const answers = good.length === 0 ? [] : await daemon.submitTasks(good, by);
  const rest = answers.values();
  return faults.map((fault) => (fault === null ? nextOf(rest) : { ok: false, ...fault }));
}

function nextOf(answers: Iterator<Submitted>): Submitted {
  const next = answers.next();
  if (next.done !== true) return next.value;
  throw new BerthError("defect", {
    code: "api.answers-short",
    detail: "the daemon answered fewer submissions than it was given",
  });
}

function faultOf({ payload }: TaskRequest): RequestFault | null {
  if (isDeeper(payload, DEPTH_MAX))
    return {
      kind: "usage",
      code: "task.payload-too-deep",
      detail: `the payload is nested more than ${DEPTH_MAX} deep`,
    };
  return payloadFault(Buffer.byteLength(JSON.stringify(payload) ?? "null"));
}

function isDeeper(value: unknown, left: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return left === 0 || Object.values(value).some((inner) => isDeeper(inner, left - 1));
}
