/** Aging: waiting raises a task's priority, one point every POINT_MS, so that no stream of newer tasks passes it for ever. */
import type { WaitingTask } from "../../model/task.ts";

/** Low (100) reaches fresh high (750) after 22 minutes; a guess at what people wait for before they ask. */
export const POINT_MS = 2_000;
/** Above critical (1000): a task that has aged to here goes before every task that has not, in the order of arrival here. */
export const SUMMIT = 1_200;

/** The instant at which waiting has raised it to the summit. Ordering by it is ordering by aged priority, at any `now`. */
export function summitAt(task: Pick<WaitingTask, "priority" | "readyAt">): number {
  return task.readyAt + (SUMMIT - task.priority) * POINT_MS;
}
