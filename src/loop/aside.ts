/** Projects that an operator put aside: what they are, since when, who asked, and what brings them back. */
import { instantText } from "../base/instant.ts";
import { askerName } from "../model/access.ts";
import type { Wanted } from "../model/lifecycle.ts";
import type { PostgresDoor, ProjectRow } from "../postgres/door.ts";

type AsideRow = Pick<ProjectRow, "name" | "wanted" | "phase" | "phaseSince" | "declared">;

export interface Aside {
  /** `project: paused since 2026-11-23T05:18:24Z`. */
  readonly text: string;
  /** The command that changes it; null: none does. */
  readonly verb: string | null;
  /** What has to happen before it works again, a sentence. */
  readonly way: string;
}

/** Null: it is to run. */
export function asideOf(row: AsideRow): Aside | null {
  if (row.wanted === "active") return null;
  const text = `project: ${row.phase} since ${instantText(row.phaseSince)}`;
  if (row.wanted === "removed") return { text, verb: null, way: "nothing: it is being removed" };
  if (!row.declared)
    return { text, verb: "berth apply", way: "it has to be declared and applied again" };
  const verb = `berth ${VERB[row.wanted]} ${row.name}`;
  return { text, verb, way: `\`${verb}\` has to be called` };
}

/** The same in a clause, for lists: `project: paused since … (berth resume web)`. */
export function asideClause(row: AsideRow): string | null {
  const aside = asideOf(row);
  if (aside === null) return null;
  return aside.verb === null ? aside.text : `${aside.text} (${aside.verb})`;
}

/** `ann`, from the audit log; null: not recorded, as of a project that was only declared no more. */
export async function askedBy(
  { name, wanted, declared }: AsideRow,
  postgres: Pick<PostgresDoor, "audit">,
): Promise<string | null> {
  if (wanted === "active" || !declared) return null;
  const query = { project: name, action: `want-${wanted}`, since: null, before: null, limit: 1 };
  const [asked] = await postgres.audit(query);
  return asked === undefined ? null : askerName(asked.by);
}

const VERB: Readonly<Record<Exclude<Wanted, "active" | "removed">, "resume" | "start">> = {
  frozen: "resume",
  stopped: "resume",
  completed: "start",
  inactive: "start",
};
