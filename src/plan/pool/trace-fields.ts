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
}

export const FIELDS: readonly Field[] = [
  { name: "at", required: true, bounds: [0, Infinity] },
  { name: "project", required: true, bounds: null },
  { name: "durationMs", required: true, bounds: [0, Infinity] },
  { name: "agent", required: false, bounds: null },
  { name: "priority", required: false, bounds: [0, 1000] },
  { name: "complexity", required: false, bounds: [1, 10] },
  { name: "deadlineMs", required: false, bounds: [0, Infinity] },
  { name: "fails", required: false, bounds: "flag" },
  { name: "weight", required: false, bounds: [1, 1000] },
  { name: "cpuShare", required: false, bounds: [0, 1] },
  { name: "memoryShare", required: false, bounds: [0, 1] },
  { name: "agents", required: false, bounds: [1, Infinity] },
  { name: "min", required: false, bounds: [0, Infinity] },
  { name: "max", required: false, bounds: [1, Infinity] },
];

/** The fields of a line, or what is wrong with it. */
export function readFields(text: string): TraceFields | string {
  const json = parse(text);
  if (typeof json !== "object" || json === null || Array.isArray(json))
    return "is not a JSON object";
  const given = new Map<string, unknown>(Object.entries(json));
  for (const name of given.keys())
    if (!FIELDS.some((field) => field.name === name)) return `unknown field ${name}`;
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
    agent: word("agent", "worker"),
    durationMs: number("durationMs") ?? 0,
    priority: number("priority") ?? 500,
    complexity: number("complexity") ?? 5,
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

function wrongWith({ name, required, bounds }: Field, value: unknown): string | null {
  if (value === undefined) return required ? `${name} is missing` : null;
  if (bounds === "flag") return typeof value === "boolean" ? null : `${name} must be true or false`;
  if (bounds === null)
    return typeof value === "string" && value !== "" ? null : `${name} must be text`;
  const [least, most] = bounds;
  if (typeof value === "number" && value >= least && value <= most) return null;
  return most === Infinity
    ? `${name} must be a number of at least ${least}`
    : `${name} must be a number from ${least} to ${most}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
