/** Why something ended as it did: gathered from what is recorded, whether or not its container still exists. */
import { BerthError } from "../../base/errors.ts";
import type { WhyView } from "../../model/task-view.ts";
import type { RunRecord, RunWithMemory } from "../../model/run.ts";
import type { TaskRecord } from "../../model/task.ts";
import { reportOf } from "../deaths.ts";
import type { DaemonState } from "../state.ts";
import { decisionsAboutTask } from "./decisions.ts";

const LAST_LINES = 20;

export async function whyOf(subject: string, state: DaemonState): Promise<WhyView> {
  const task = await state.postgres.tasks.get(subject);
  const run = await state.postgres.run(task?.run ?? subject);
  if (task === null && run === null)
    throw new BerthError("usage", {
      code: "loop.subject-unknown",
      detail: `${subject} names no task and no run`,
      hint: "`berth task list` and `berth describe PROJECT` show ids",
    });
  const project = task?.project ?? run?.project ?? "";
  const runId = run?.id ?? task?.run ?? null;
  const { session } = state;
  return {
    task: task?.id ?? null,
    run: runId,
    project,
    agent: task?.agent ?? run?.agent ?? "",
    outcome: task?.state ?? run?.outcome ?? "running",
    text: sentence(task, run),
    startedAt: run?.startedAt ?? task?.startedAt ?? null,
    endedAt: run?.endedAt ?? task?.endedAt ?? null,
    exitCode: run?.exitCode ?? task?.exitCode ?? null,
    signal: run?.signal ?? task?.signal ?? null,
    oom: run?.oom ?? false,
    oomKills: (session && reportOf(project, session)?.sample?.oomKills) ?? null,
    memoryLimitBytes: session?.world.records.get(project)?.spec.limits.memoryBytes ?? null,
    memory: memoryOf(run, state),
    lastLines: runId === null ? [] : await lastLines(project, runId, state),
    notes: await notesOf(project, runId, state),
    decisions: task === null ? [] : await decisionsAboutTask(task, state.postgres),
  };
}

/** As the runner told it with the end; while it runs, and of a runner that died with it, the samples heard since it began. */
function memoryOf(run: RunWithMemory | null, state: DaemonState): WhyView["memory"] {
  if (run === null) return [];
  const { startedAt, endedAt, memory } = run;
  if (memory !== null) return memory.map(([ms, bytes]) => ({ at: startedAt + ms, bytes }));
  const heard = state.session?.world.memory.get(run.project) ?? [];
  return heard.filter(({ at }) => at >= startedAt && at <= (endedAt ?? Infinity));
}

/**
 * How the run ended, and what the task says of it. A task that is over though its last attempt left it to be tried again (a deadline passed, it
 * was cancelled) is told first, then what that attempt came to.
 */
function sentence(task: TaskRecord | null, run: RunRecord | null): string {
  const end = endText(run);
  if (task === null) return [end ?? "it runs", run?.reason ?? null].filter(isText).join(": ");
  const { state, reason } = task;
  const own = [`it is ${state}`, reason].filter(isText).join(": ");
  if (end === null) return own;
  if (state === "pending" || state === "ready") return `${own}; its last attempt: ${end}`;
  const overLater = (state === "timed-out" || state === "cancelled") && run?.outcome === "failed";
  if (overLater) return `${own}; its last attempt: ${end}`;
  return [end, reason].filter(isText).join(": ");
}

function isText(part: string | null): part is string {
  return part !== null;
}

/** Null while it runs, and where there is none. */
function endText(run: RunRecord | null): string | null {
  if (run === null || run.outcome === null) return null;
  if (run.oom) return "the kernel killed it for memory";
  if (run.signal !== null) return `it was killed by ${run.signal}`;
  return run.exitCode === null ? `it is ${run.outcome}` : `it exited with ${run.exitCode}`;
}

async function lastLines(
  project: string,
  run: string,
  state: DaemonState,
): Promise<WhyView["lastLines"]> {
  if (state.session === null) return [];
  const lines: WhyView["lastLines"][number][] = [];
  const query = {
    project,
    agent: null,
    run,
    since: null,
    until: null,
    tail: LAST_LINES,
    previous: false,
    follow: false,
  };
  for await (const { at, stream, text } of state.session.doors.runners.output(
    query,
    state.session.signal,
  ))
    lines.push({ at, stream, text });
  return lines;
}

async function notesOf(
  project: string,
  run: string | null,
  state: DaemonState,
): Promise<WhyView["notes"]> {
  const events = await state.postgres.events({
    after: null,
    project,
    kinds: [],
    limit: 500,
    newestFirst: true,
  });
  return events
    .filter(({ fields }) => run !== null && fields["run"] === run)
    .map(({ at, kind, message, fields: { text } }) => ({
      at,
      text: kind === "task.note" && typeof text === "string" ? text : message,
    }))
    .toReversed();
}
