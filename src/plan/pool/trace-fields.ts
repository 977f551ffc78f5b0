/** The fields of a line of a trace: their bounds and defaults, and how a line is read. */

export interface TraceFields {
  readonly at: number;
  readonly project: string;
  readonly agent: string;
  readonly durationMs: number;
  readonly priority: number;
  readonly complexity: number;
  /** Time from arrival to the deadline. */
  readonly deadlineMs: number | undefined;
  readonly fails: boolean;
  readonly weight: number | undefined;
  readonly cpuShare: number | undefined;
  readonly memoryShare: number | undefined;
  readonly agents: number | undefined;
  readonly min: number | undefined;
  readonly max: number | undefined;
}

export interface TraceLine extends TraceFields {
  readonly line: number;
}

interface Field {
  readonly name: keyof TraceFields;
  readonly required: boolean;
  /** Inclusive, of a number; null: text; "flag": true or false. */
  readonly bounds: readonly [number, number] | "flag" | null;
  /** Of a number. */
  readonly whole?: boolean;
  /** What it is where a line does not say, for people. */
  readonly otherwise: string;
}

/** A trace longer than ten years is one of mistaken units. */
const MOST_MS = 10 * 365 * 86_400_000;
const MOST_AGENTS = 1_000_000;
const WORKER = "worker";
const PRIORITY = 500;
const COMPLEXITY = 5;
const NEEDED = { required: true, otherwise: "" };

export const FIELDS: readonly Field[] = [
  { name: "at", bounds: [0, MOST_MS], ...NEEDED },
  { name: "project", bounds: null, ...NEEDED },
  { name: "durationMs", bounds: [0, MOST_MS], ...NEEDED },
  { name: "agent", required: false, bounds: null, otherwise: WORKER },
  { name: "priority", required: false, bounds: [0, 1000], whole: true, otherwise: `${PRIORITY}` },
  { name: "complexity", required: false, bounds: [1, 10], whole: true, otherwise: `${COMPLEXITY}` },
  { name: "deadlineMs", required: false, bounds: [0, MOST_MS], otherwise: "none" },
  { name: "fails", required: false, bounds: "flag", otherwise: "false" },
  { name: "weight", required: false, bounds: [1, 1000], otherwise: "1" },
  { name: "cpuShare", required: false, bounds: [0, 1], otherwise: "0" },
  { name: "memoryShare", required: false, bounds: [0, 1], otherwise: "0" },
  { name: "agents", required: false, bounds: [1, MOST_AGENTS], whole: true, otherwise: "no limit" },
  { name: "min", required: false, bounds: [0, MOST_AGENTS], whole: true, otherwise: "0" },
  { name: "max", required: false, bounds: [1, MOST_AGENTS], whole: true, otherwise: "no limit" },
];

/** `at, project, durationMs`: what every line needs. */
export const NEEDED_FIELDS = FIELDS.filter((field) => field.required)
  .map(({ name }) => name)
  .join(", ");

/** `agent (worker), priority (500), …`: what a line may say, each with what it is otherwise. */
export const OTHER_FIELDS = FIELDS.filter((field) => !field.required)
  .map(({ name, otherwise }) => `${name} (${otherwise})`)
  .join(", ");

/** The fields of a line, or what is wrong with it. */
export function readFields(text: string): TraceFields | string {
  const json = parse(text);
  if (json instanceof SyntaxError) return `is not JSON: ${json.message}`;
  if (typeof json !== "object" || json === null || Array.isArray(json))
    return "is not a JSON object";
  const given = new Map<string, unknown>(Object.entries(json));
  for (const name of given.keys())
    if (!FIELDS.some((field) => field.name === name))
      return `has an unknown field ${JSON.stringify(name)}`;
  for (const field of FIELDS) {
    const wrong = wrongWith(field, given.get(field.name));
    if (wrong !== null) return wrong;
  }
  const number = (name: string): number | undefined => {
    const value = given.get(name);
    return typeof value === "number" ? value : undefined;
  };
  const word = (name: string, otherwise: string): string => {
    const value = given.get(name);
    return typeof value === "string" ? value : otherwise;
  };
  return {
    at: number("at") ?? 0,
    project: word("project", ""),
    agent: word("agent", WORKER),
    durationMs: number("durationMs") ?? 0,
    priority: number("priority") ?? PRIORITY,
    complexity: number("complexity") ?? COMPLEXITY,
    deadlineMs: number("deadlineMs"),
    fails: given.get("fails") === true,
    weight: number("weight"),
    cpuShare: number("cpuShare"),
    memoryShare: number("memoryShare"),
    agents: number("agents"),
    min: number("min"),
    max: number("max"),
  };
}

function wrongWith(
  { name, required, bounds, whole = false }: Field,
  value: unknown,
): string | null {
  if (value === undefined) return required ? `${name} is missing` : null;
  if (bounds === "flag") return typeof value === "boolean" ? null : `${name} must be true or false`;
  if (bounds === null)
    return typeof value === "string" && value !== "" ? null : `${name} must be text`;
  const [least, most] = bounds;
  const fits = typeof value === "number" && value >= least && value <= most;
  if (fits && (!whole || Number.isInteger(value))) return null;
  return `${name} must be a ${whole ? "whole " : ""}number from ${least} to ${most}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return error;
  }
}
