/** Answers that come from memory: projects, host, readiness. */
import { BerthError } from "../../base/errors.ts";
import { limitValues } from "../../desired/container.ts";
import { memoryBudget } from "../../plan/allocate/allocate.ts";
import { needsYou } from "../../model/question.ts";
import { projectView } from "../../report/status.ts";
import { isLive } from "../../plan/live.ts";
import type { LimitValues } from "../../model/desired.ts";
import type { ObservedContainer } from "../../model/observed.ts";
import type { HostView, ProjectView, ReadyView } from "../../model/view.ts";
import type { ProjectRow } from "../../postgres/door.ts";
import type { Session } from "../session.ts";
import { standOf } from "../idle.ts";
import { reportOf } from "../deaths.ts";
import { progressIn } from "../tasks/progress.ts";
import { reservedBytes } from "../reserved.ts";
import { type DaemonState, leading } from "../state.ts";
import { belongingsOf } from "../../observe/belongings.ts";

/** A standby answers with what the leader last said, if it said anything lately. */
export function projectViews(state: DaemonState): readonly ProjectView[] {
  if (state.session === null && state.borrowed.length > 0) return state.borrowed;
  const session = leading(state);
  return [...session.world.records.values()]
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map((record) => view(record, session, state));
}

/** Unknown names are usage errors with the nearest known one as a hint. */
export function oneView(name: string, state: DaemonState): ProjectView {
  const session = leading(state);
  return view(recordOf(name, session), session, state);
}

export function recordOf(name: string, session: Session): ProjectRow {
  const record = session.world.records.get(name);
  if (record !== undefined) return record;
  const names = [...session.world.records.keys()];
  throw new BerthError("usage", {
    code: "loop.project-unknown",
    detail: `there is no project ${name}`,
    hint:
      names.length === 0
        ? "declare one and run `berth apply`"
        : `projects: ${names.slice(0, 10).join(", ")}`,
  });
}

export function requireAgent(project: string, agent: string, state: DaemonState): void {
  const { spec } = recordOf(project, leading(state));
  if (spec.agents[agent] !== undefined) return;
  throw new BerthError("usage", {
    code: "loop.agent-missing",
    detail: `${project} has no agent ${agent}`,
    hint: `agents: ${Object.keys(spec.agents).join(", ")}`,
  });
}

function view(record: ProjectRow, session: Session, state: DaemonState): ProjectView {
  const { world, doors, modes } = session;
  const live = containerOf(record.name, session);
  return projectView({
    record,
    waiting: world.waiting.get(record.name) ?? [],
    idle: standOf(record.name, world),
    fault: world.faults.get(record.name) ?? null,
    container: modes.holds("engine-gone") && live === null ? undefined : live,
    report: reportOf(record.name, session),
    needsYou: needsYou(session.questions?.open(record.name) ?? []),
    progress: progressIn(record.name, session.desk?.runs ?? new Map()),
    secretFaults: world.secretFaults.get(record.name) ?? new Map(),
    silence: world.silences.get(record.name) ?? null,
    connected: doors.runners.connected(record.name) || live?.state === "paused",
    cpuPercent: state.cpuPercent.get(record.name) ?? null,
    limits: limitsInForce(record, live, session),
    now: state.now(),
  });
}

/** A project's container at the last look, the live one first; null: none was seen. */
export function containerOf(project: string, { relist, world }: Session): ObservedContainer | null {
  const seen = relist.latest();
  const { containers } =
    seen === null ? { containers: [] } : belongingsOf(project, world.install, seen);
  return (
    containers.find(({ state }) => state === "running" || state === "paused") ??
    containers[0] ??
    null
  );
}

/** What a live container is held to, which is not yet what is declared while it is frozen; else what it is to get. */
function limitsInForce(
  { name, spec }: ProjectRow,
  container: ObservedContainer | null,
  { world, inspections }: Session,
): LimitValues {
  if (container !== null && isLive(container.state)) {
    const inspected = inspections.known(container.id);
    if (inspected !== null) return inspected.limits;
  }
  const allocation = world.allocations.get(name);
  return limitValues(
    spec,
    allocation?.admitted === true ? allocation.memoryBytes : spec.limits.memoryBytes,
  );
}

export function hostView(state: DaemonState): HostView {
  const session = leading(state);
  const { world } = session;
  const agents = [...world.records.keys()].reduce(
    (sum, name) => sum + (session.doors.runners.report(name)?.agents.length ?? 0),
    0,
  );
  return {
    cpus: world.facts.cpus,
    memoryBytes: world.facts.memoryBytes,
    budgetBytes: memoryBudget(world.host, world.facts),
    reservedBytes: reservedBytes(session),
    projects: world.records.size,
    agents,
    generation: world.generation,
  };
}

/** Ready means: it leads, and nothing it needs for accepting work is away. */
export function readyView(state: DaemonState): ReadyView {
  const modes = state.modes.list();
  const dependency = (
    name: ReadyView["dependencies"][number]["name"],
    mode: string,
  ): ReadyView["dependencies"][number] => {
    const held = modes.find((each) => each.name === mode);
    return {
      name,
      ok: held === undefined,
      detail: held?.detail ?? "ok",
      since: held?.since ?? state.roleSince,
    };
  };
  const dependencies = [
    dependency("engine", "engine-gone"),
    dependency("postgres", "postgres-gone"),
    dependency("redis", "redis-gone"),
    dependency("firewall", "firewall-unverified"),
    dependency("disk", "disk-low"),
  ];
  return {
    ready: state.role === "leader" && dependencies.every(({ ok }) => ok),
    role: state.role,
    epoch: state.session?.world.install.epoch ?? null,
    install: state.settings.install,
    installUid: state.installUid,
    version: state.settings.version,
    dependencies,
    modes,
  };
}
