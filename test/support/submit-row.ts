/** A submission as the desk's tests make many of. */
import type { SubmitRow } from "../../src/postgres/task-door.ts";

/** Of the worker `web/coder`; its key is its payload. */
export function submitRow(key: number, change: Partial<SubmitRow> = {}): SubmitRow {
  return {
    project: "web",
    agent: "coder",
    payload: key,
    priority: null,
    priorityUsed: 500,
    deadlineAt: null,
    deadlineMs: null,
    tags: [],
    complexity: 5,
    after: [],
    idempotencyKey: `k${key}`,
    maxAttempts: 1,
    backoffMs: 0,
    timeoutMs: 1_000,
    ...change,
  };
}
