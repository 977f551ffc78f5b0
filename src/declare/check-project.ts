/** What only the merged project can show: values that are missing everywhere, and values that contradict each other. */
import { formatBytes } from "../base/bytes.ts";
import type { AgentSpec } from "../model/agent.ts";
import type { HostSpec, ProjectSpec } from "../model/project.ts";
import { LIMITS } from "./defaults.ts";
import { shmRoom } from "../model/tmpfs.ts";
import { BOUNDS } from "../schema/bounds.ts";
import { mapOf, placeOf, valueOf } from "./node.ts";
import type { MapNode, Path } from "./node.ts";
import { originOf } from "./origins.ts";
import type { Problem, ProblemCode } from "./problem.ts";
import { problemAt } from "./source.ts";
import type { Span } from "./source.ts";

const MIB = 2 ** 20;
const AGENTS = ["limits", "agents"] as const;

/** A project after merging, and where to point when a value is nowhere written. */
export interface MergedProject {
  readonly spec: ProjectSpec;
  readonly map: MapNode;
  /** Where its name stands. */
  readonly span: Span;
}

/** A problem, and the values it follows from: where one of them is not what was meant, it is none. */
export interface Finding {
  readonly problem: Problem;
  readonly reads: readonly Path[];
}

/** What is wrong with one merged project; a host of null is not known, and nothing is said that depends on it. */
export function checkProject(project: MergedProject, host: HostSpec | null): readonly Finding[] {
  const { spec } = project;
  return [
    ...(spec.image === ""
      ? [missing(project, ["image"], "every project names the image its agents run in")]
      : []),
    ...Object.values(spec.agents).flatMap((agent) => [
      ...checkAgent(project, agent),
      ...checkTask(project, agent),
    ]),
    ...checkProcesses(project),
    ...checkShm(project),
    ...checkSize(project),
    ...checkIdle(project),
    ...(host === null ? [] : checkWorkspace(project, host)),
  ];
}

function checkAgent(project: MergedProject, agent: AgentSpec): readonly Finding[] {
  const path = ["agents", agent.name];
  const { restart, health } = agent;
  return [
    ...(agent.command.length === 0
      ? [missing(project, [...path, "command"], "the whole argv as a list: [node, work.js]")]
      : []),
    ...(health !== null && health.command.length === 0
      ? [
          missing(
            project,
            [...path, "health", "command"],
            "a command that exits with 0 while the agent is well",
          ),
        ]
      : []),
    ...(restart.backoffMs > restart.backoffMaxMs
      ? [
          at(
            project,
            [...path, "restart", "backoff_max"],
            ["declare.bad-value", "must be ≥ backoff", [[...path, "restart", "backoff"]]],
          ),
        ]
      : []),
  ];
}

/** Keys that mean nothing to a service. */
const WORKER_KEYS = ["min", "max", "timeout", "retries"] as const;

/** A worker's bounds, and keys of the other kind of agent; a value that takes an inherited one away is no contradiction. */
function checkTask(project: MergedProject, agent: AgentSpec): readonly Finding[] {
  const path = ["agents", agent.name];
  const { task } = agent;
  const wrong = (key: string, message: string, ...reads: readonly Path[]): Finding =>
    at(project, [...path, key], ["declare.bad-value", message, [[...path, "on"], ...reads]]);
  if (task === null)
    return WORKER_KEYS.filter((key) => isWritten(project, agent.name, key)).map((key) =>
      wrong(key, "is for workers only: add `on: task`, or remove it"),
    );
  const excluded = "does not go with `on: task`: a worker has one process per task";
  const { agents } = project.spec.limits;
  return [
    ...(task.max < task.min ? [wrong("max", "must be ≥ min", [...path, "min"])] : []),
    ...(task.max > agents
      ? [wrong("max", `must be ≤ limits.agents, which is ${agents}${byWhom(project)}`, AGENTS)]
      : []),
    ...(agent.replicas > 0 ? [wrong("replicas", excluded)] : []),
    ...(agent.restart.mode === "no"
      ? []
      : [wrong("restart", `${excluded}; \`retries\` say what follows a failure`)]),
    ...(agent.health === null ? [] : [wrong("health", excluded)]),
  ];
}

function isWritten({ map }: MergedProject, agent: string, key: string): boolean {
  return valueOf(mapOf(mapOf(map, "agents"), agent), key) !== undefined;
}

/** `limits.agents` bounds replicas and running tasks together: what is kept for workers must fit beside all replicas. */
function checkProcesses(project: MergedProject): readonly Finding[] {
  const all = Object.values(project.spec.agents);
  const replicas = all.reduce((total, agent) => total + agent.replicas, 0);
  const kept = all.reduce((total, agent) => total + (agent.task?.min ?? 0), 0);
  const { agents } = project.spec.limits;
  if (replicas + kept <= agents) return [];
  const by = byWhom(project);
  // At the value that many projects inherit nothing else says which of them it is too low for.
  const whose = by === "" ? "" : ` of ${project.spec.name}`;
  const sum = `${replicas + kept}, the sum of all replicas${kept === 0 ? "" : " and of all workers' min"}`;
  const message = `must be ≥ ${sum}${whose}; it is ${agents}${by}`;
  const reads = all.flatMap(({ name }) =>
    ["on", "replicas", "min"].map((key) => ["agents", name, key]),
  );
  return [at(project, AGENTS, ["declare.over-limit", message, reads])];
}

/** Where `limits.agents` is from; empty where the project says it itself. */
function byWhom({ map }: MergedProject): string {
  const { entry } = placeOf(map, AGENTS);
  if (entry?.key !== "agents") return " by default";
  return (entry.layer ?? "") === "" ? "" : ` by ${originOf(map, AGENTS)}`;
}

/**
 * What was asked for is given or refused. Only the default gives way to a small memory limit, also where it is written out, as
 * `config show` does.
 */
function checkShm(project: MergedProject): readonly Finding[] {
  const { memoryBytes, shmBytes } = project.spec.limits;
  if (shmBytes <= Math.max(LIMITS.shmBytes, shmRoom(memoryBytes))) return [];
  const room = formatBytes(Math.floor(shmRoom(memoryBytes) / MIB) * MIB);
  const message = `must be ≤ ${room} with a limits.memory of ${formatBytes(memoryBytes)}; it is ${formatBytes(shmBytes)}`;
  return [at(project, ["limits", "shm"], ["declare.over-limit", message, [["limits", "memory"]]])];
}

/** An alias costs its file a few bytes, and each agent that bears it the whole text. */
function checkSize(project: MergedProject): readonly Finding[] {
  const { environment, agents } = project.spec;
  const bytes = Buffer.byteLength(JSON.stringify([environment, agents]));
  if (bytes <= BOUNDS.runnerBytes) return [];
  const message = `must be at most ${BOUNDS.runnerBytes} bytes with the project's environment, aliases and inheritance written out; it is ${bytes}`;
  return [at(project, ["agents"], ["declare.too-big", message])];
}

function checkIdle(project: MergedProject): readonly Finding[] {
  const { idle } = project.spec;
  if (idle === undefined || idle.freezeAfterMs === null || idle.stopAfterMs === null) return [];
  if (idle.stopAfterMs > idle.freezeAfterMs) return [];
  const message = "must be > freeze_after: both count from the end of the last work";
  const reads = [["idle", "freeze_after"]];
  return [at(project, ["idle", "stop_after"], ["declare.bad-value", message, reads])];
}

/** Lexically; a symlink that leaves the root is seen only by whoever opens it. */
function checkWorkspace(project: MergedProject, host: HostSpec): readonly Finding[] {
  const { workspace } = project.spec;
  if (workspace.kind !== "path") return [];
  const inside = host.workspaceRoots.some((root) =>
    workspace.path.startsWith(root === "/" ? root : `${root}/`),
  );
  if (inside) return [];
  const roots = host.workspaceRoots.join(", ");
  const message =
    roots === "" ? "needs host.workspace_roots, and none is declared" : `must lie below ${roots}`;
  return [at(project, ["workspace", "path"], ["declare.workspace-outside", message])];
}

function missing(project: MergedProject, path: Path, hint: string): Finding {
  const { problem, reads } = at(project, path, ["declare.missing-value", "is missing"]);
  return { problem: { ...problem, hint }, reads };
}

/** At the value if it is written, else at the deepest place on the way to it that is, else at the project's name. */
function at(
  project: MergedProject,
  path: Path,
  [code, message, reads = []]: readonly [ProblemCode, string, (readonly Path[])?],
): Finding {
  const { entry, span } = placeOf(project.map, path);
  const whole = entry?.key === path.at(-1);
  const where = entry === undefined ? project.span : whole ? span : entry.span;
  const problem = problemAt(where, { code, message: `${path.join(".")} ${message}` });
  return { problem, reads: [path, ...reads] };
}
