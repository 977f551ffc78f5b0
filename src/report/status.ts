/** A project's status view: one word for its health and a sentence for everything that is not as it should be. */
import type { AgentStatus } from "../model/agent.ts";
import { agentsHealth } from "../model/agent-health.ts";
import type { LimitValues } from "../model/desired.ts";
import type { ObservedContainer, RunnerReport, Silence } from "../model/observed.ts";
import type { IdleStand, Rest } from "../model/idle.ts";
import { type ProjectRecord, wantedReplicas } from "../model/project-record.ts";
import type { NeedsYou } from "../model/question.ts";
import type { HealthWord, ProjectView } from "../model/view.ts";

export interface StatusSources {
  readonly record: ProjectRecord & Readonly<{ phaseSince: number }>;
  readonly waiting: readonly string[];
  /** Null: neither at rest for want of work nor waking from it. */
  readonly idle: IdleStand | null;
  readonly fault: Readonly<{ passing: boolean; code: string; detail: string; at: number }> | null;
  /** Null when it has none, undefined when the engine cannot be asked. */
  readonly container: ObservedContainer | null | undefined;
  readonly report: RunnerReport | null;
  readonly connected: boolean;
  /** Null: it is heard, or its container does not run. */
  readonly silence: Silence | null;
  /** Why secrets could not be read when they were last wanted, by name. */
  readonly secretFaults: ReadonlyMap<string, string>;
  readonly needsYou: NeedsYou;
  readonly progress: ProjectView["progress"];
  readonly cpuPercent: number | null;
  readonly limits: LimitValues;
  readonly now: number;
}

/** A report older than this (a runner speaks every 10 s at least) is named with its age. */
const STALE_MS = 20_000;

export function projectView(sources: StatusSources): ProjectView {
  const { record, report, container } = sources;
  const sample = report?.sample ?? null;
  const inside = container?.state === "running" || container?.state === "paused" ? report : null;
  return {
    name: record.name,
    phase: record.phase,
    phaseSince: record.phaseSince,
    wanted: record.wanted,
    health: healthWord(sources),
    reasons: reasons(sources),
    idle: restOf(sources),
    generation: record.generation,
    priority: record.spec.priority,
    weight: record.spec.weight,
    image: record.spec.image,
    containerId: container?.id ?? null,
    containerState: container?.state ?? null,
    subnet: record.subnet,
    egress: record.spec.network.egress,
    limits: sources.limits,
    usage: {
      memoryBytes: sample?.memoryWorkingSetBytes ?? null,
      cpuMs: sample?.cpuUsageMs ?? null,
      cpuPercent: sources.cpuPercent,
      pids: sample?.pidsCurrent ?? null,
      oomKills: sample?.oomKills ?? null,
    },
    agents: inside?.agents ?? [],
    needsYou: sources.needsYou,
    progress: sources.progress,
    heardAgoMs: report === null ? null : Math.max(0, sources.now - report.heardAt),
    fault: shownFault(sources),
  };
}

function shownFault({ fault }: StatusSources): ProjectView["fault"] {
  return fault === null ? null : { code: fault.code, detail: fault.detail, at: fault.at };
}

function restOf({ idle }: StatusSources): Rest | null {
  return idle?.kind === "resting" ? { kind: idle.rest, since: idle.since } : null;
}

/** Worst first: what a person must look at outranks what will pass. */
function healthWord(sources: StatusSources): HealthWord {
  const { record, container, report, fault, waiting } = sources;
  if (record.wanted === "inactive" || record.wanted === "completed" || record.wanted === "removed")
    return "stopped";
  if (fault !== null && !fault.passing) return "failed";
  if (container === undefined) return "unknown";
  if (container?.state === "paused") return "frozen";
  if (record.wanted === "stopped" || restsStopped(sources) || hasNothingToFreeze(sources))
    return "stopped";
  if (container === null || container.state !== "running")
    return waiting.length > 0 ? "waiting" : "starting";
  if (report === null || !sources.connected)
    return sources.now - Math.max(record.phaseSince, container.createdAt) > STALE_MS
      ? "unknown"
      : "starting";
  return agentsWord(report.agents, record);
}

/** Stopped for want of work, and so it is. */
function restsStopped({ idle, container }: StatusSources): boolean {
  return idle?.kind === "resting" && idle.rest === "stopped" && container?.state !== "running";
}

/** To be frozen, and nothing runs: it is not started for that (see plan/converge/resting). */
function hasNothingToFreeze({ record, container }: StatusSources): boolean {
  const halted =
    container === null || container?.state === "exited" || container?.state === "created";
  return record.wanted === "frozen" && halted;
}

function agentsWord(agents: readonly AgentStatus[], record: ProjectRecord): HealthWord {
  if (agents.length > 0) return agentsHealth(agents);
  // None is there yet, or none is to be: workers have a process only while they work.
  const wanted = Object.values(record.spec.agents).some(
    (agent) => wantedReplicas(agent, record) > 0,
  );
  return wanted ? "starting" : "healthy";
}

function reasons(sources: StatusSources): readonly string[] {
  const { fault, report, connected, container } = sources;
  const list: string[] = [];
  if (fault !== null) list.push(`${fault.code}: ${fault.detail}`);
  const { idle } = sources;
  if (idle?.kind === "resting") list.push(`${idle.rest}: ${idle.why}; a task wakes it`);
  if (idle?.kind === "waking") list.push(`waking: ${idle.why}`);
  for (const each of sources.waiting) list.push(`waiting: ${each}`);
  if (container?.state === "running" && (!connected || report === null))
    list.push(...unheard(sources));
  if (report?.workspace === "failed") list.push(`workspace: ${report.workspaceDetail ?? "failed"}`);
  list.push(...secretReasons(sources));
  for (const agent of report?.agents ?? []) {
    if (agent.reason !== null && agent.state !== "running")
      list.push(`${agent.agent}#${agent.replica} ${agent.state}: ${agent.reason}`);
  }
  return list;
}

/** Since its last report; one that never reported to this daemon, since its silence was noticed. */
function unheard(sources: StatusSources): readonly string[] {
  const { record, report, silence, now } = sources;
  const since = report?.heardAt ?? silence?.since ?? now;
  if (now - since <= STALE_MS) {
    if (report === null) return ["its runner has not answered yet"];
    return isLeaving(sources) ? [] : ["the connection to its runner has just ended"];
  }
  const age = `its runner has not been heard for ${Math.round((now - since) / 1000)} s`;
  const helps = `; \`berth restart ${record.name}\` gives it a new container`;
  return [silence?.told === true ? age + helps : age];
}

/** Its container is to stop, and its runner ends a moment before the engine says so. */
function isLeaving({ record, idle }: StatusSources): boolean {
  return record.wanted !== "active" || idle?.kind === "resting";
}

/** What an agent waits for; and what it has, but could not be given anew. */
function secretReasons({ record, report, secretFaults }: StatusSources): readonly string[] {
  if (report === null) return [];
  const { missingSecrets: missing } = report;
  const kept = record.spec.secrets.filter(
    (name) => secretFaults.has(name) && !missing.includes(name),
  );
  return [
    ...(missing.length > 0 ? [`missing secrets: ${namedSecrets(missing, secretFaults)}`] : []),
    ...(kept.length > 0 ? [`secrets left as they were: ${namedSecrets(kept, secretFaults)}`] : []),
  ];
}

/** `A (absent), B (larger than 64 KiB)`; one that was not looked for yet is only named. */
export function namedSecrets(
  names: readonly string[],
  faults: ReadonlyMap<string, string>,
): string {
  return names
    .map((name) => (faults.has(name) ? `${name} (${faults.get(name)})` : name))
    .join(", ");
}
