/** Explaining: what binds a project, an agent or a task, what would let it start now, and the last decisions about it. */
import { BerthError } from "../../base/errors.ts";
import type { ExplainView } from "../../model/task-view.ts";
import type { TaskRecord } from "../../model/task.ts";
import { isTerminal } from "../../model/task.ts";
import { breakerReason } from "../../plan/pool/breaker.ts";
import { constraintOn } from "../../plan/pool/constraint.ts";
import type { ConstraintKind } from "../../plan/pool/limits.ts";
import { type DaemonState, leading } from "../state.ts";
import type { OpenDesk } from "../tasks/desk-state.ts";
import { poolLimits } from "../tasks/limits.ts";
import { expectedStarts } from "./queue.ts";
import { decisionsAbout, decisionsAboutTask } from "./decisions.ts";
import { deskOf } from "./desk-of.ts";
import { oneView } from "./views.ts";

export async function explainSubject(subject: string, state: DaemonState): Promise<ExplainView> {
  const session = leading(state);
  const desk = deskOf(session);
  const [project = "", agent] = subject.split("/");
  if (session.world.records.has(project))
    return agent === undefined
      ? await explainProject(project, desk, state)
      : await explainAgent(project, agent, desk);
  const record = await state.postgres.tasks.get(subject);
  if (record !== null) return explainTask(record, desk);
  throw new BerthError("usage", {
    code: "loop.subject-unknown",
    detail: `${subject} names no project, agent or task`,
    hint: "PROJECT, PROJECT/AGENT or a task's id",
  });
}

async function explainProject(
  project: string,
  desk: OpenDesk,
  state: DaemonState,
): Promise<ExplainView> {
  const view = oneView(project, state);
  const limits = poolLimits(desk).projects.get(project);
  const breaker = desk.measures.breakers.get(project);
  const broken = breaker === undefined ? null : breakerReason(breaker, desk.session.now());
  const constraint = view.reasons[0] ?? broken ?? limits?.waiting ?? null;
  return {
    subject: project,
    kind: "project",
    state: `${view.phase}, ${view.health}`,
    constraint,
    wouldStart: constraint === null ? null : "what is named above has to end",
    estimateMs: null,
    errorMs: null,
    decisions: await decisionsAbout(
      { project, agents: [...(limits?.workers.keys() ?? [])], agent: null },
      state.postgres,
    ),
  };
}

async function explainAgent(project: string, agent: string, desk: OpenDesk): Promise<ExplainView> {
  const limits = poolLimits(desk);
  const worker = limits.projects.get(project)?.workers.get(agent);
  if (worker === undefined)
    throw new BerthError("usage", {
      code: "loop.agent-missing",
      detail: `${project} has no worker agent ${agent}`,
      hint: `berth describe ${project}`,
    });
  const now = desk.session.now();
  const line = desk.pool.line(project, agent);
  const { kind, text } = constraintOn(
    { project, agent, deadlineAt: null, notBefore: null },
    { pool: desk.pool, limits, now },
  );
  const target = desk.measures.targets.get(`${project}/${agent}`);
  return {
    subject: `${project}/${agent}`,
    kind: "agent",
    state: `${line?.running ?? 0} running, ${line?.queue.size ?? 0} waiting, ${worker.target} of ${worker.min}..${worker.max} workers${target === undefined ? "" : ` (${target.why})`}`,
    constraint: kind === "turn" ? null : text,
    wouldStart: WOULD[kind],
    estimateMs: null,
    errorMs: null,
    decisions: await decisionsAbout(
      { project, agents: [agent], agent },
      desk.session.doors.postgres,
    ),
  };
}

async function explainTask(record: TaskRecord, desk: OpenDesk): Promise<ExplainView> {
  const decisions = await decisionsAboutTask(record, desk.session.doors.postgres);
  const shared = {
    subject: record.id,
    kind: "task" as const,
    state: record.reason === null ? record.state : `${record.state}: ${record.reason}`,
    decisions,
  };
  if (isTerminal(record.state) || record.state === "running")
    return { ...shared, constraint: null, wouldStart: null, estimateMs: null, errorMs: null };
  const limits = poolLimits(desk);
  const now = desk.session.now();
  if (record.state === "pending" && record.after.length > 0 && record.attempts === 0) {
    return {
      ...shared,
      constraint: `dependencies: waits for ${record.after.join(", ")}`,
      wouldStart: "they have to succeed",
      estimateMs: null,
      errorMs: null,
    };
  }
  const { kind, text } = constraintOn(record, { pool: desk.pool, limits, now });
  const start = expectedStarts(desk, limits).get(record.id);
  return {
    ...shared,
    constraint: text,
    wouldStart: WOULD[kind],
    estimateMs: start === undefined ? null : Math.max(0, Math.round(start.at - now)),
    errorMs: start === undefined ? null : Math.max(0, Math.round((start.to - start.from) / 2)),
  };
}

/** What would have to happen, by what binds. */
const WOULD: Readonly<Record<ConstraintKind, string>> = {
  "not declared": "declare the agent with `on: task` and apply",
  capacity: "the project has to run: see `berth explain PROJECT`",
  stopped: "`berth start PROJECT/AGENT` has to be called",
  "breaker open": "the cool-down has to pass and a probe to succeed",
  "agent max": "one of its tasks has to end, or `max` be raised",
  "worker target": "its backlog has to grow, or one of its tasks to end",
  "project limits.agents":
    "one of the project's processes has to end, or `limits.agents` be raised",
  "pool full": "any task has to end, or `host.agents` be raised",
  guarantees: "a slot more than the guarantees hold has to be free",
  turn: "nothing: it is next, or those before it have to start",
  "backoff until": "its backoff has to pass",
  deadline: "nothing: its deadline has passed",
};
