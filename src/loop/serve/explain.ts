/** Explaining: what binds a project, an agent or a task, what would let it start now, and the last decisions about it. */
import { BerthError } from "../../base/errors.ts";
import type { ExplainView } from "../../model/task-view.ts";
import type { ProjectView } from "../../model/view.ts";
import { breakerReason } from "../../plan/pool/breaker.ts";
import { type DaemonState, leading } from "../state.ts";
import type { OpenDesk } from "../tasks/desk-state.ts";
import { poolLimits } from "../tasks/limits.ts";
import { decisionsAbout } from "./decisions.ts";
import { deskOf } from "./desk-of.ts";
import { explainAgent } from "./explain-agent.ts";
import { standingAside } from "./explain-aside.ts";
import { explainTask } from "./explain-task.ts";
import { oneView, recordOf } from "./views.ts";

export async function explainSubject(subject: string, state: DaemonState): Promise<ExplainView> {
  const session = leading(state);
  const desk = deskOf(session);
  const [project = "", agent] = subject.split("/");
  if (session.world.records.has(project))
    return agent === undefined
      ? await explainProject(project, desk, state)
      : await explainAgent(project, agent, { desk, state });
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
  const record = recordOf(project, leading(state));
  const view = oneView(project, state);
  const limits = poolLimits(desk).projects.get(project);
  const workers = [...(limits?.workers.keys() ?? [])];
  const breaker = desk.measures.breakers.get(project);
  const broken = breaker === undefined ? null : breakerReason(breaker, desk.session.now());
  const constraint = view.reasons[0] ?? broken ?? limits?.waiting ?? null;
  return {
    subject: project,
    kind: "project",
    state: `${view.phase}, ${view.health}`,
    constraint,
    wouldStart: constraint === null ? null : endOf(view, workers),
    ...(await standingAside(record, state.postgres)),
    estimateMs: null,
    errorMs: null,
    decisions: await decisionsAbout(record, { agents: workers, agent: null }, state.postgres),
  };
}

/** What ends what binds a project. */
function endOf({ name, idle }: ProjectView, workers: readonly string[]): string {
  const [worker = "AGENT"] = workers;
  return idle === null
    ? "what is named above has to end"
    : `a task is given to it, as by \`berth run ${name} ${worker}\`, or \`berth resume ${name}\` is called`;
}
