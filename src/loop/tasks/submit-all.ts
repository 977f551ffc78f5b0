/** Submissions that came in together, written in as few transactions as their askers allow. */
import type { Asker } from "../../postgres/door.ts";
import type { SubmitRow } from "../../postgres/task-door.ts";
import type { Session } from "../session.ts";
import type { SubmitAnswer } from "./desk-state.ts";

export async function submitAll(
  items: readonly Readonly<{ row: SubmitRow; by: Asker }>[],
  session: Session,
): Promise<readonly SubmitAnswer[]> {
  const { tasks } = session.doors.postgres;
  // Askers differ in what they claim to be, seldom in one batch: each run of equal ones is one transaction.
  const answers: SubmitAnswer[] = [];
  let from = 0;
  while (from < items.length) {
    const by = items[from]?.by;
    if (by === undefined) break;
    let to = from;
    while (to < items.length && sameAsker(items[to]?.by, by)) to += 1;
    const rows = items.slice(from, to).map(({ row }) => row);
    answers.push(...(await tasks.submit(session.world.install.epoch, rows, by)));
    from = to;
  }
  return answers;
}

function sameAsker(a: Asker | undefined, b: Asker): boolean {
  return a?.who === b.who && a.claim === b.claim && a.reason === b.reason;
}
