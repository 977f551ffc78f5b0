/** Explaining an agent: a worker by its tasks and the pool, a service by its processes. */
import { BerthError } from "../../base/errors.ts";
import type { AgentSpec } from "../../model/agent.ts";
import { wantedReplicas } from "../../model/project-record.ts";
import type { ExplainView } from "../../model/task-view.ts";
import { constraintOn } from "../../plan/pool/constraint.ts";
import type { ProjectRow } from "../../postgres/door.ts";
import { standOf } from "../idle.ts";
import { type DaemonState, leading } from "../state.ts";
import type { OpenDesk } from "../tasks/desk-state.ts";
import { poolLimits } from "../tasks/limits.ts";
import { decisionsAbout } from "./decisions.ts";
import { standingAside } from "./explain-aside.ts";
import { OF_WORK, wouldStart } from "./would-start.ts";
import { oneView, recordOf } from "./views.ts";

type Words = Pick<ExplainView, "state" | "constraint" | "wouldStart">;

export async function explainAgent(
  project: string,
  agent: string,
  { desk, state }: Readonly<{ desk: OpenDesk; state: DaemonState }>,
): Promise<ExplainView> {
  const record = recordOf(project, leading(state));
  const spec = Object.hasOwn(record.spec.agents, agent) ? record.spec.agents[agent] : undefined;
  if (spec === undefined)
    throw new BerthError("usage", {
      code: "loop.agent-missing",
      detail: `${project} has no agent ${agent}`,
      hint: `agents: ${Object.keys(record.spec.agents).join(", ")}`,
    });
  const words =
    spec.task === null ? serviceWords(record, spec, state) : workerWords(project, agent, desk);
  return {
    subject: `${project}/${agent}`,
    kind: "agent",
    ...words,
    ...(await standingAside(record, state.postgres)),
    estimateMs: null,
    errorMs: null,
    decisions: await decisionsAbout(record, { agents: [agent], agent }, state.postgres),
  };
}

/** Of a worker without work that is what it waits for, whatever else would bind it then. */
function workerWords(project: string, agent: string, desk: OpenDesk): Words {
  const limits = poolLimits(desk);
  const worker = limits.projects.get(project)?.workers.get(agent);
  const line = desk.pool.line(project, agent);
  const running = line?.running ?? 0;
  const waiting = line?.queue.size ?? 0;
  const target = desk.measures.targets.get(`${project}/${agent}`);
  const why = target === undefined || waiting === 0 ? "" : ` (${target.why})`;
  const bounds = `worker target ${worker?.target ?? 0} of ${worker?.min ?? 0}..${worker?.max ?? 0}`;
  const state = `${running} running, ${waiting} waiting, ${bounds}${why}`;
  const task = { project, agent, deadlineAt: null, notBefore: null };
  const { kind, text } = constraintOn(task, { pool: desk.pool, limits, now: desk.session.now() });
  const rests = standOf(project, desk.session.world)?.kind === "resting";
  if (waiting > 0 || !(rests || OF_WORK.has(kind)))
    return {
      state,
      constraint: kind === "turn" ? null : text,
      wouldStart: wouldStart(kind, { project, agent }),
    };
  if (running > 0) return { state, constraint: null, wouldStart: null };
  return {
    state,
    constraint: "work: no task waits for it",
    wouldStart: `a task is given to it: \`berth run ${project} ${agent}\``,
  };
}

function serviceWords(record: ProjectRow, spec: AgentSpec, state: DaemonState): Words {
  const { name: project } = record;
  const { name: agent } = spec;
  const view = oneView(project, state);
  const mine = view.agents.filter((status) => status.agent === agent);
  const running = mine.filter((status) => status.state === "running").length;
  const wanted = wantedReplicas(spec, record);
  const said = `${running} of ${wanted} running`;
  if (record.stoppedAgents.includes(agent))
    return {
      state: `${said}, stopped by hand`,
      constraint: `stopped: agent ${project}/${agent}`,
      wouldStart: wouldStart("stopped", { project, agent }),
    };
  if (running === wanted && mine.every(({ reason }) => reason === null))
    return { state: said, constraint: null, wouldStart: null };
  const others = new Set(Object.keys(record.spec.agents).filter((name) => name !== agent));
  // a reason of another agent's begins with its name
  const reason = view.reasons.find((one) => !others.has(one.split("#")[0] ?? ""));
  return {
    state: said,
    constraint: reason ?? null,
    wouldStart: reason === undefined ? null : "what is named above has to end",
  };
}
