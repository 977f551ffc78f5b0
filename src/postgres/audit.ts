/** Who asked for what. */
import type { AuditView } from "../model/access.ts";
import type { Asker } from "./door.ts";
import type { Statements } from "./connection.ts";
import type { Session } from "./session.ts";

export interface AuditEntry {
  readonly by: Asker;
  readonly epoch: number;
  readonly action: string;
  readonly project: string | null;
  readonly detail: string;
}

export interface AuditQuery {
  readonly project: string | null;
  /** Only of this one, as `want-frozen`; absent: all. */
  readonly action?: string;
  /** Milliseconds since the epoch. */
  readonly since: number | null;
  /** Ids below this one: the page after. */
  readonly before: number | null;
  readonly limit: number;
}

/** Written in the transaction of what was asked for. */
export async function recordAudit(tx: Statements, entry: AuditEntry): Promise<void> {
  const { by } = entry;
  await tx.rows("audit-insert", [
    by.who,
    by.claim,
    by.reason,
    entry.action,
    entry.project,
    entry.detail,
    entry.epoch,
  ]);
}

/** Newest first. */
export async function readAudit(
  session: Session,
  query: AuditQuery,
): Promise<readonly AuditView[]> {
  const rows = await session.read<Omit<AuditView, "by"> & Asker & Record<string, unknown>>(
    "audit-list",
    [query.limit, query.project, query.since, query.before, query.action ?? null],
  );
  return rows.map(({ who, claim, reason, id, at, action, project: of, detail }) => ({
    id,
    at,
    by: { who, claim, reason },
    action,
    project: of,
    detail,
  }));
}
