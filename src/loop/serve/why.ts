/** Why something ended as it did: gathered from what is recorded, whether or not its container still exists. */
import { BerthError } from "../../base/errors.ts";
import type { WhyView } from "../../model/task-view.ts";
import type { RunRecord } from "../../model/run.ts";
import type { TaskRecord } from "../../model/task.ts";
import { type DaemonState, leading } from "../state.ts";
import { deskOf } from "./desk-of.ts";

const LAST_LINES = 20;
/** Runs looked through for one that is no task's. */
const RUNS = 1_000;

export async function whyOf(subject: string, state: DaemonState): Promise<WhyView> {
  const task = await state.postgres.tasks.get(subject);
  const run = await runOf(task?.run ?? subject, task, state);
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
    oomKills: session?.doors.runners.report(project)?.sample?.oomKills ?? null,
    memoryLimitBytes: session?.world.records.get(project)?.spec.limits.memoryBytes ?? null,
    memory: [],
    lastLines: runId === null ? [] : await lastLines(project, runId, state),
    notes: await notesOf(project, runId, state),
    decisions:
      session === null
        ? []
        : deskOf(leading(state))
            .measures.decisions.filter((decision) => task !== null && decision.task === task.id)
            .toReversed(),
  };
}

async function runOf(
  id: string,
  task: TaskRecord | null,
  state: DaemonState,
): Promise<RunRecord | null> {
  const runs = await state.postgres.runs({
    project: task?.project ?? null,
    agent: task?.agent ?? null,
    limit: RUNS,
  });
  return runs.find((run) => run.id === id) ?? null;
}

function sentence(task: TaskRecord | null, run: RunRecord | null): string {
  const end =
    run === null || run.outcome === null
      ? null
      : run.oom
        ? "the kernel killed it for memory"
        : run.signal !== null
          ? `it was killed by ${run.signal}`
          : run.exitCode !== null
            ? `it exited with ${run.exitCode}`
            : `it is ${run.outcome}`;
  const reason = task?.reason ?? run?.reason ?? null;
  return [end ?? (task === null ? "it runs" : `it is ${task.state}`), reason]
    .filter((part) => part !== null)
    .join(": ");
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
    .map(({ at, message }) => ({ at, text: message }))
    .toReversed();
}
