/** A state as a word with a colour; the word says it all, the colour only helps. */
import type { ApiProject } from "../../schema/api-project.ts";
import type { ApiAttempt, ApiTask } from "../../schema/api-task.ts";

export type Tone = "good" | "busy" | "warn" | "bad" | "idle";

const HEALTH: Readonly<Record<ApiProject["health"], Tone>> = {
  healthy: "good",
  starting: "busy",
  unhealthy: "bad",
  "crash-loop": "bad",
  waiting: "warn",
  failed: "bad",
  frozen: "idle",
  stopped: "idle",
  unknown: "warn",
};

const TASK: Readonly<Record<ApiTask["state"], Tone>> = {
  pending: "idle",
  ready: "busy",
  running: "busy",
  succeeded: "good",
  failed: "bad",
  cancelled: "idle",
  "timed-out": "bad",
  lost: "bad",
  dead: "bad",
};

const AGENT: Readonly<Record<ApiProject["agents"][number]["state"], Tone>> = {
  waiting: "warn",
  starting: "busy",
  running: "good",
  unhealthy: "bad",
  stopping: "busy",
  backoff: "warn",
  "crash-loop": "bad",
  exited: "idle",
};

export function Badge({ tone, children }: { readonly tone: Tone; readonly children: string }) {
  return <span class={`badge ${tone}`}>{children}</span>;
}

export function HealthBadge({ health }: { readonly health: ApiProject["health"] }) {
  return <Badge tone={HEALTH[health] ?? "warn"}>{health}</Badge>;
}

export function TaskBadge({ state }: { readonly state: ApiTask["state"] }) {
  return <Badge tone={TASK[state] ?? "warn"}>{state}</Badge>;
}

export function AgentBadge({ state }: { readonly state: keyof typeof AGENT }) {
  return <Badge tone={AGENT[state] ?? "warn"}>{state}</Badge>;
}

export function OutcomeBadge({ outcome }: { readonly outcome: ApiAttempt["outcome"] }) {
  if (outcome === null) return <Badge tone="busy">running</Badge>;
  return <Badge tone={TASK[outcome]}>{outcome}</Badge>;
}

/** How much a health asks for a look: the larger the sooner. */
export function troubleOf(health: ApiProject["health"]): number {
  const rank: Readonly<Record<Tone, number>> = { bad: 4, warn: 3, busy: 2, idle: 1, good: 0 };
  return rank[HEALTH[health] ?? "warn"];
}
