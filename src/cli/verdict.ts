/** What a project's view means for somebody waiting for it; pure. */
import { BerthError } from "../base/errors.ts";
import type { Project } from "../client/client.ts";
import { agentsHealth } from "../model/agent-health.ts";
import { settledPhase } from "../model/lifecycle.ts";
import type { Effect } from "./effect.ts";
import type { ProgressLine } from "./progress.ts";

/** `gone`: no longer there, which is what some wait for. */
export interface Verdict extends ProgressLine {
  readonly project: Project | null;
}

/**
 * How long a picture without any movement must hold before it counts as the end: a neighbour may just be leaving and free its
 * room, and what failed may be the generation before this one, on its way out.
 */
const HOLD_MS: Readonly<Record<ProgressLine["state"], number>> = {
  moving: 0,
  settled: 0,
  failed: 300,
  waiting: 1_000,
};

/** Agents that end as soon as they start run for a moment, again and again, until their restarts are used up. */
const STARTED_HOLD_MS = 100;

/** How long these verdicts must hold before they are final. */
export function holdMsOf(verdicts: readonly Verdict[]): number {
  return Math.max(0, ...verdicts.map((verdict) => HOLD_MS[verdict.state]));
}

/**
 * For how long these verdicts must still hold because agents have only just started; `now` in milliseconds since the epoch,
 * `heldMs` since something was last seen on its way. Clocks that differ make it no longer than for an agent that starts now.
 */
export function youngMsOf(verdicts: readonly Verdict[], now: number, heldMs: number): number {
  const starts = verdicts.flatMap(({ project }) =>
    project?.phase === "active"
      ? project.agents.flatMap(({ startedAt }) => (startedAt === null ? [] : [startedAt]))
      : [],
  );
  const age = now - starts.reduce((newest, at) => Math.max(newest, at), 0);
  return Math.max(0, STARTED_HOLD_MS - Math.max(age, heldMs));
}

/** Whether the project is where its operator wants it, on the way, waiting for room, or failed; settled only with its effect. */
export function verdictOf(name: string, project: Project | undefined, effect?: Effect): Verdict {
  if (project === undefined) return { name, state: "settled", text: "gone", project: null };
  const state = stateOf(project);
  const early = state === "settled" && effect?.(project) === false;
  return { name, state: early ? "moving" : state, text: textOf(project), project };
}

/** The project as it concerns who waits for some of its agents: how the others are is none of this wait's business. */
export function onlyAgents(project: Project, named: ReadonlySet<string>): Project {
  const agents = project.agents.filter(({ agent }) => named.has(agent));
  const others = project.agents.filter(({ agent }) => !named.has(agent));
  // Any other word is the project's own: it failed, it is not heard, it has no agents yet.
  const isTheirs = project.health === agentsHealth(project.agents);
  return {
    ...project,
    agents,
    health: isTheirs ? agentsHealth(agents) : project.health,
    reasons: project.reasons.filter(
      (reason) => !others.some(({ agent }) => reason.startsWith(`${agent}#`)),
    ),
  };
}

function stateOf(project: Project): ProgressLine["state"] {
  if (project.health === "failed" || project.health === "crash-loop" || endedBadly(project))
    return "failed";
  if (waitsForCapacity(project)) return "waiting";
  if (project.phase !== settledPhase(project.wanted)) return "moving";
  const still =
    project.health === "starting" || project.health === "unhealthy" || project.health === "waiting";
  return still || project.health === "unknown" ? "moving" : "settled";
}

/** An agent that failed and is not restarted by its policy: nothing will change by itself. */
function endedBadly({ health, agents }: Project): boolean {
  return (
    health === "unhealthy" &&
    agents.some(({ state, lastExit }) => state === "exited" && lastExit?.code !== 0)
  );
}

/** Whether it waits for the host to have room. */
function waitsForCapacity(project: Project): boolean {
  return project.reasons.some((reason) => reason.startsWith("waiting: capacity"));
}

function textOf(project: Project): string {
  const running = project.agents.filter((agent) => agent.state === "running").length;
  const agents =
    project.agents.length === 0 ? "" : `, ${running} of ${project.agents.length} agents run`;
  const why =
    project.reasons.length === 0 ? (project.fault?.detail ?? "") : project.reasons.join("; ");
  const reason = why === "" ? "" : `: ${why}`;
  // "waiting: …" already begins every such reason.
  const word = project.health === "waiting" && reason !== "" ? "" : `, ${project.health}`;
  return `${project.phase}${word}${agents}${reason}`;
}

/** The error a wait ends with, or null when everything settled. Failures go before lack of room. */
export function errorOfVerdicts(verdicts: readonly Verdict[]): BerthError | null {
  const failed = verdicts.filter((verdict) => verdict.state === "failed");
  const waiting = verdicts.filter((verdict) => verdict.state === "waiting");
  const names = (of: readonly Verdict[]): string => of.map((verdict) => verdict.name).join(", ");
  const problems = [...failed, ...waiting].map((verdict) => ({
    code: verdict.project?.fault?.code ?? "cli.project-unsettled",
    message: `${verdict.name}: ${verdict.text}`,
  }));
  const first = failed[0];
  if (first !== undefined)
    return new BerthError("rejected", {
      code: refusedByEngine(failed) ? "cli.projects-refused" : "cli.projects-failed",
      detail: `failed: ${names(failed)}`,
      problems,
      hint: `berth describe ${first.name} tells more`,
    });
  if (waiting.length === 0) return null;
  return new BerthError("capacity", {
    code: "cli.projects-waiting",
    detail: `waiting for capacity: ${names(waiting)}`,
    problems,
    hint: "they start by themselves when there is room; lower limits, stop something, or raise priority",
  });
}

function refusedByEngine(failed: readonly Verdict[]): boolean {
  return failed.every((verdict) => verdict.project?.fault?.code.startsWith("docker.") === true);
}
