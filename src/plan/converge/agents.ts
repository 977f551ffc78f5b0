/** What a connected runner must be told: which parts of its configuration differ, and which agents that interrupts. */
import { fingerprintChanges, type PartChange } from "../../model/fingerprint.ts";
import type { FieldChange } from "../../model/step.ts";
import type { Draft } from "./draft.ts";
import type { Situation } from "./situation.ts";

const AGENT = "agents.";

/** Adds configure-agents when the runner has another configuration than the desired one. */
export function tellRunner(draft: Draft, situation: Situation): void {
  const { desired, observed } = situation;
  const config = desired.runnerConfig;
  if (config === null || observed.runner === null || !observed.runnerConnected) return;
  if (observed.runner.configHash === config.hash) return;
  const parts = fingerprintChanges(observed.runner.configHash, config.hash);
  const changes = (parts ?? []).flatMap(fieldsOf);
  draft.add(
    { kind: "configure-agents", config },
    {
      resource: `project:${desired.project}`,
      cause:
        parts === null
          ? "the runner has no configuration yet"
          : `changed: ${changes.map(({ field }) => field).join(", ")}`,
      impact: "live",
      changes,
      interrupts: parts === null ? [] : interruptedBy(parts, situation.runningAgents),
    },
  );
}

/** An agent's part reads `<process>-<policy>-<replicas or task>-<serial>` (see desired/runner-config). */
function fieldsOf({ part, from, to }: PartChange): readonly FieldChange[] {
  if (!part.startsWith(AGENT)) return [{ field: part, from: from ?? "none", to: to ?? "none" }];
  if (from === null || to === null) {
    return [
      {
        field: part,
        from: from === null ? "none" : "declared",
        to: to === null ? "none" : "declared",
      },
    ];
  }
  const names = ["process", "policy", "replicas", "restarts"];
  const before = from.split("-");
  const after = to.split("-");
  return names.flatMap((name, at) => {
    const change = {
      field: `${part}.${name}`,
      from: before[at] ?? "none",
      to: after[at] ?? "none",
    };
    return change.from === change.to ? [] : [change];
  });
}

/** Project-wide parts touch every process; an agent's own part touches its processes unless only its policy changed or it grew. */
function interruptedBy(
  parts: readonly PartChange[],
  running: readonly string[],
): readonly string[] {
  if (parts.some(({ part }) => !part.startsWith(AGENT))) return running;
  const touched = parts.filter(touchesProcesses).map(({ part }) => part.slice(AGENT.length));
  return running.filter((agent) => touched.includes(agent));
}

function touchesProcesses({ from, to }: PartChange): boolean {
  if (from === null || to === null) return from !== null;
  const [process, , replicas, serial] = from.split("-");
  const [newProcess, , newReplicas, newSerial] = to.split("-");
  // what becomes a worker, or no longer is one, has `task` for its replicas: neither more nor fewer
  const grew = replicas === newReplicas || Number(newReplicas) > Number(replicas);
  return process !== newProcess || serial !== newSerial || !grew;
}
