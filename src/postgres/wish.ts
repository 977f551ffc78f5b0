/** What an operator's intent changes in one project's row; pure. */
import { BerthError } from "../base/errors.ts";
import { mayMove, phaseOnChange, phaseOnIntent } from "../model/lifecycle.ts";
import type { IntentRequest, ProjectRow } from "./door.ts";

type Change = IntentRequest["change"];
export type Wish = Pick<
  ProjectRow,
  "wanted" | "phase" | "removeVolumes" | "restartSerials" | "replicas" | "stoppedAgents"
>;

/** The whole container, in `restartSerials`. */
const WHOLE = "*";

/** The row after the change; throws when the lifecycle table, the spec or the agents' limit forbids it. */
export function wishOf(row: ProjectRow, change: Change): Wish {
  switch (change.kind) {
    case "wanted":
      return wanted(row, change);
    case "restart":
      return restarted(row, change.agent);
    case "scale":
      return scaled(row, change.agent, change.replicas);
    case "stop-agent":
      known(row, change.agent);
      return {
        ...asked(row),
        stoppedAgents: [...new Set([...row.stoppedAgents, change.agent])].toSorted(),
      };
    case "start-agent":
      known(row, change.agent);
      return {
        ...asked(row),
        stoppedAgents: row.stoppedAgents.filter((agent) => agent !== change.agent),
      };
  }
}

/** The audit's words for a change. */
export function wordsOf(change: Change): Readonly<{ action: string; detail: string }> {
  switch (change.kind) {
    case "wanted":
      return {
        action: `want-${change.wanted}`,
        detail: change.removeVolumes ? "with its volumes" : "",
      };
    case "restart":
      return { action: "restart", detail: change.agent ?? "the whole container" };
    case "scale":
      return { action: "scale", detail: `${change.agent} to ${change.replicas}` };
    case "stop-agent":
    case "start-agent":
      return { action: change.kind, detail: change.agent };
  }
}

function wanted(row: ProjectRow, change: Extract<Change, { kind: "wanted" }>): Wish {
  const next = phaseOnIntent(row.phase, change.wanted) ?? row.phase;
  if (!mayMove(row.phase, next)) throw illegal(row, change.wanted);
  // A removal that already takes the volumes does not give them back.
  const removeVolumes = change.wanted === "removed" && (change.removeVolumes || row.removeVolumes);
  return { ...row, wanted: change.wanted, phase: next, removeVolumes };
}

function restarted(row: ProjectRow, agent: string | null): Wish {
  if (agent !== null) known(row, agent);
  if (row.wanted !== "active") throw illegal(row, "restarted");
  const key = agent ?? WHOLE;
  return {
    ...asked(row),
    restartSerials: { ...row.restartSerials, [key]: (row.restartSerials[key] ?? 0) + 1 },
    stoppedAgents: row.stoppedAgents.filter((stopped) => stopped !== agent),
  };
}

function scaled(row: ProjectRow, agent: string, replicas: number): Wish {
  known(row, agent);
  if (row.spec.agents[agent]?.task !== null)
    throw new BerthError("usage", {
      code: "postgres.agent-is-worker",
      detail: `${row.name}/${agent} is a worker: its processes follow its tasks`,
      hint: "its declaration's min and max bound them",
    });
  if (!Number.isInteger(replicas) || replicas < 0)
    throw new BerthError("usage", {
      code: "postgres.replicas-invalid",
      detail: `replicas must be a whole number of at least 0, not ${replicas}`,
    });
  const next = { ...row.replicas, [agent]: replicas };
  const sum = Object.values(row.spec.agents).reduce(
    (all, one) => all + (next[one.name] ?? one.replicas),
    0,
  );
  if (sum > row.spec.limits.agents)
    throw new BerthError("capacity", {
      code: "postgres.agents-exceeded",
      detail: `${row.name} would run ${sum} agents, its limits.agents is ${row.spec.limits.agents}`,
      hint: "raise limits.agents in the declaration",
    });
  return { ...asked(row), replicas: next };
}

/** Who waits for the project must not take its old state for the answer. */
function asked(row: ProjectRow): ProjectRow {
  return { ...row, phase: phaseOnChange(row.phase, row.wanted) };
}

function known(row: ProjectRow, agent: string): void {
  if (row.spec.agents[agent] !== undefined) return;
  throw new BerthError("usage", {
    code: "postgres.agent-unknown",
    detail: `${row.name} declares no agent ${agent}`,
    hint: `its agents: ${Object.keys(row.spec.agents).join(", ")}`,
  });
}

function illegal(row: ProjectRow, wish: string): BerthError {
  return new BerthError("conflict", {
    code: "postgres.move-illegal",
    detail: `${row.name} is ${row.phase} and cannot be ${wish} from there`,
  });
}
