/** A trace: what arrives at the pool and how long it takes, one JSON object a line, for the simulator. */
import { BerthError } from "../../base/errors.ts";
import type { ProblemFact } from "../../base/errors.ts";
import { NEEDED_FIELDS, OTHER_FIELDS, readFields } from "./trace-fields.ts";
import type { TraceLine } from "./trace-fields.ts";

export interface TraceTask {
  readonly id: string;
  /** Milliseconds from the start. */
  readonly at: number;
  readonly project: string;
  readonly agent: string;
  readonly durationMs: number;
  readonly priority: number;
  readonly complexity: number;
  readonly deadlineAt: number | null;
  readonly fails: boolean;
}

export interface TraceWorker {
  readonly min: number;
  readonly max: number;
}

export interface TraceProject {
  readonly weight: number;
  readonly cpuShare: number;
  readonly memoryShare: number;
  /** `limits.agents`. */
  readonly agents: number;
  readonly workers: ReadonlyMap<string, TraceWorker>;
}

export interface Trace {
  /** By arrival, then by line. */
  readonly tasks: readonly TraceTask[];
  readonly projects: ReadonlyMap<string, TraceProject>;
}

/** Shown with an error; what is wrong with the first lines is wrong with the rest. */
const MAX_PROBLEMS = 20;

/**
 * Reads NDJSON; empty lines and lines that begin with # are skipped. Fields and their defaults: trace-fields.ts. What belongs
 * to a project or an agent (weight, shares, agents; min, max) may be on any of its lines and holds for the whole trace;
 * two different values are an error, as is an unknown field. `source` is the file as errors name it: `day.ndjson:7`.
 */
export function parseTrace(text: string, source: string): Trace {
  const found: Problem[] = [];
  const lines: TraceLine[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const fields = readFields(line);
    if (typeof fields === "string") found.push({ line: index + 1, message: fields });
    else lines.push({ ...fields, line: index + 1 });
  }
  const projects = projectsOf(lines, found);
  if (found.length > 0)
    throw new BerthError("declaration", {
      code: "plan.trace-invalid",
      detail: `the trace ${source} cannot be used`,
      problems: problemsOf(found, source),
    });
  const tasks = lines.map(taskOf).toSorted((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
  return { tasks, projects };
}

function taskOf(line: TraceLine): TraceTask {
  const { at, project, agent, durationMs, priority, complexity, deadlineMs, fails } = line;
  const deadlineAt = deadlineMs === undefined ? null : at + deadlineMs;
  const id = `line-${String(line.line).padStart(8, "0")}`;
  return { id, at, project, agent, durationMs, priority, complexity, deadlineAt, fails };
}

function projectsOf(
  lines: readonly TraceLine[],
  problems: Problem[],
): ReadonlyMap<string, TraceProject> {
  const values = new Map<string, number>();
  const workers = new Map<string, Set<string>>();
  const note = (line: TraceLine, owner: string, name: "min" | "max" | Shared): void => {
    const value = line[name];
    if (value === undefined) return;
    const key = `${owner} ${name}`;
    const known = values.get(key);
    if (known === undefined) values.set(key, value);
    else if (known !== value)
      problems.push({
        line: line.line,
        message: `${name} of ${owner} is ${value} here and ${known} before`,
      });
  };
  for (const line of lines) {
    for (const name of SHARED) note(line, line.project, name);
    for (const name of ["min", "max"] as const) note(line, `${line.project}/${line.agent}`, name);
    const owner = `${line.project}/${line.agent}`;
    const [min = 0, max = Infinity] = [values.get(`${owner} min`), values.get(`${owner} max`)];
    if (min > max && (line.min ?? line.max) !== undefined)
      problems.push({ line: line.line, message: `min of ${owner} is ${min}, its max only ${max}` });
    const agents = workers.get(line.project) ?? new Set();
    workers.set(line.project, agents.add(line.agent));
  }
  const entries = [...workers].map(([project, agents]) => {
    const of = (name: Shared, otherwise: number): number =>
      values.get(`${project} ${name}`) ?? otherwise;
    const workersOf = [...agents].map((agent) => {
      const min = values.get(`${project}/${agent} min`) ?? 0;
      const max = values.get(`${project}/${agent} max`) ?? Infinity;
      return [agent, { min, max }] as const;
    });
    return [
      project,
      {
        weight: of("weight", 1),
        cpuShare: of("cpuShare", 0),
        memoryShare: of("memoryShare", 0),
        agents: of("agents", Infinity),
        workers: new Map(workersOf),
      },
    ] as const;
  });
  return new Map(entries);
}

type Shared = "weight" | "cpuShare" | "memoryShare" | "agents";
const SHARED: readonly Shared[] = ["weight", "cpuShare", "memoryShare", "agents"];

interface Problem {
  readonly line: number;
  readonly message: string;
}

/** In the order of the lines; the last shown says what a line holds, and how many more are wrong. */
function problemsOf(found: readonly Problem[], source: string): readonly ProblemFact[] {
  const code = "plan.trace-invalid";
  const shown = found
    .toSorted((a, b) => a.line - b.line)
    .slice(0, MAX_PROBLEMS)
    .map(({ line, message }) => ({ code, message, path: `${source}:${line}` }));
  const more = found.length - shown.length;
  const last = shown.at(-1);
  if (last === undefined) return [];
  const rest = more === 0 ? "" : `${more} more lines are wrong; `;
  const hint = `${rest}a line is a JSON object with ${NEEDED_FIELDS}, and if need be ${OTHER_FIELDS}`;
  return [...shown.slice(0, -1), { ...last, hint }];
}
