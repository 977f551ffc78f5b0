/** Says what a task that is followed waits for: whoever looks on is never left in silence. */
import { withoutControls } from "../base/controls.ts";
import type { Client } from "../client/client.ts";
import type { Task } from "../client/tasks.ts";
import type { Context } from "./context.ts";

/** A task that starts sooner needs no word about waiting; and how often it is asked what binds. */
const PATIENCE_MS = 1_000;

/**
 * For each look at a task that has not ended: says what binds it, once for each reason, when it does not start soon; at once when its
 * project was put aside, which nothing but an operator changes, and then also of a task that runs, since it stands still.
 */
export function waitingTeller({ print }: Context, client: Client): (task: Task) => Promise<void> {
  const since = performance.now();
  let told: string | null = null;
  let asked = -Infinity;
  return async (task) => {
    const now = performance.now();
    if (now - asked < PATIENCE_MS) return;
    asked = now;
    const runs = task.state === "running";
    // why it waits is a courtesy: whoever cannot tell is asked again
    const project = await client.project(task.project).catch(() => null);
    const aside = project !== null && project.wanted !== "active";
    if (!aside && (runs || now - since < PATIENCE_MS)) {
      if (runs) told = null;
      return;
    }
    const why = await client.explain(task.id).catch(() => null);
    const way = aside && why?.wouldStart != null ? [why.wouldStart] : [];
    const parts = [
      ...(task.reason === null ? [] : [task.reason]),
      ...(why?.constraint == null ? [] : [why.constraint]),
      ...way,
    ];
    // a count that goes down is no other reason
    const key = `${task.reason} ${why?.constraint?.replaceAll(/\d+/g, "")}`;
    if (parts.length === 0 || key === told) return;
    told = key;
    const verb = runs ? "stands still" : "waits";
    await print.note(`task ${task.id} ${verb}: ${withoutControls(parts.join("; "))}`);
  };
}
