/** The names inside a project's spool directory, which the daemon and the runner both use. */

export const CONTROL_SOCKET = "control.sock";
/** The RunnerConfig, replaced by rename. */
export const DESIRED_FILE = "desired.json";
export const JOURNAL_FOLDER = "journal";
export const RUNS_FOLDER = "runs";
export const META_FILE = "meta.json";

/** `runs/<run>/meta.json`, written before the first segment. */
export interface RunMeta {
  readonly run: string;
  readonly agent: string;
  readonly replica: number;
  readonly boot: string;
  readonly generation: number;
  readonly startedAt: number;
  /** How often its replica had been started again when it began; absent: never. */
  readonly restarts?: number;
}

/** Run ids are directory names: nothing that could be a path. */
export function isRunId(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(name);
}

/** `000000000001.ndjson` for the journal file whose first event has this sequence number. */
export function journalName(firstSeq: number): string {
  return `${String(firstSeq).padStart(12, "0")}.ndjson`;
}

/** The first sequence number of a journal file, or null when the name is none of ours. */
export function journalFirstSeq(name: string): number | null {
  const digits = /^(\d{12,16})\.ndjson$/.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}

/** A run's meta file, or null when a crash left it unreadable. */
export function parseRunMeta(text: string): RunMeta | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const field = new Map<string, unknown>(Object.entries(value));
  const [run, agent, boot] = ["run", "agent", "boot"].map((name) => field.get(name));
  const [replica, generation, startedAt] = ["replica", "generation", "startedAt"].map((name) =>
    field.get(name),
  );
  if (typeof run !== "string" || typeof agent !== "string" || typeof boot !== "string") return null;
  if (
    typeof replica !== "number" ||
    typeof generation !== "number" ||
    typeof startedAt !== "number"
  )
    return null;
  if (!isRunId(run)) return null;
  const restarts = field.get("restarts");
  const meta = { run, agent, boot, replica, generation, startedAt };
  return typeof restarts === "number" ? { ...meta, restarts } : meta;
}
