/** Explaining what an operator put aside: since when, who asked for it, and the verb that changes it. */
import type { ExplainView } from "../../model/task-view.ts";
import type { PostgresDoor, ProjectRow } from "../../postgres/door.ts";
import { asideOf, askedBy } from "../aside.ts";

/** Goes before whatever else binds; empty for a project that is to run. */
export async function standingAside(
  record: ProjectRow,
  postgres: Pick<PostgresDoor, "audit">,
): Promise<Partial<Pick<ExplainView, "constraint" | "wouldStart">>> {
  const aside = asideOf(record);
  if (aside === null) return {};
  const who = await askedBy(record, postgres);
  return {
    constraint: who === null ? aside.text : `${aside.text}, asked by ${who}`,
    wouldStart: aside.way,
  };
}
