/** Who asked for what. */
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

export interface AuditRow {
  readonly id: number;
  readonly at: number;
  readonly by: Asker;
  readonly action: string;
  readonly project: string | null;
  readonly detail: string;
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
  limit: number,
  project: string | null,
): Promise<readonly AuditRow[]> {
  const rows = await session.read<Omit<AuditRow, "by"> & Asker & Record<string, unknown>>(
    "audit-list",
    [limit, project],
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
