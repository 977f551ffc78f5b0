/** What an output query works with, and which lines it lets through. */
import type { OutputQuery } from "./door.ts";
import type { MergedLine } from "./merge.ts";

export interface OutputContext {
  /** The project's spool directory. */
  readonly spool: string;
  readonly query: OutputQuery;
  readonly signal: AbortSignal;
  now(): number;
  /** Whether a run's end is recorded; its output was written before. */
  isOver(run: string): Promise<boolean>;
}

/** Whether a line is within the times asked for. */
export function matches(
  { line }: MergedLine,
  query: Pick<OutputQuery, "since" | "until">,
): boolean {
  return (
    (query.since === null || line.at >= query.since) &&
    (query.until === null || line.at <= query.until)
  );
}
