/** A submission as the desk's tests make many of. */
import type { SubmitRow } from "../../src/postgres/task-door.ts";

/** What a submission says that leaves all to the defaults. */
export const SILENT = {
  payload: {},
  priority: null,
  deadlineAt: null,
  deadlineMs: null,
  tags: [],
  complexity: 5,
  after: [],
} as const;

/** Of the worker `web/coder`; its key is its payload. */
export function submitRow(key: number, change: Partial<SubmitRow> = {}): SubmitRow {
  return {
    project: "web",
    agent: "coder",
    ...SILENT,
    payload: key,
    priorityUsed: 500,
    idempotencyKey: `k${key}`,
    maxAttempts: 1,
    backoffMs: 0,
    timeoutMs: 1_000,
    ...change,
  };
}
