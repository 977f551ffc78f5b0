/** Submissions as events: gathered for a moment, and told before anything that came of them. */
import { isOlderId } from "../../model/task.ts";
import type { TaskRecord } from "../../model/task.ts";
import type { Asker, NewEvent } from "../../postgres/door.ts";
import type { Outbox } from "../../record/outbox.ts";

/** Submissions of one agent within this time are one event. */
const TOGETHER_MS = 250;

interface Gathered {
  readonly project: string;
  readonly agent: string;
  readonly by: string;
  readonly at: number;
  readonly first: string;
  count: number;
  last: string;
}

export interface SubmissionTeller {
  submitted(task: Pick<TaskRecord, "id" | "project" | "agent" | "submittedAt">, by: Asker): void;
  /** Those not told yet that hold one of these tasks of the project; who takes them records them. */
  take(project: string, tasks: readonly string[]): readonly NewEvent[];
}

/** A flood of submissions becomes four events a second and agent, and one with each journal that tells of their starts. The audit has every one. */
export function createSubmissionTeller({ outbox }: Readonly<{ outbox: Outbox }>): SubmissionTeller {
  const gathered = new Map<string, Gathered>();
  const flush = (): void => {
    for (const each of gathered.values()) outbox.add(eventOf(each));
    gathered.clear();
    void outbox.flush();
  };
  return {
    submitted({ id, project, agent, submittedAt }, asker) {
      const by = asker.claim ?? asker.who;
      const key = JSON.stringify([project, agent, by]);
      const known = gathered.get(key);
      if (gathered.size === 0) setTimeout(flush, TOGETHER_MS).unref();
      if (known === undefined)
        gathered.set(key, { project, agent, by, at: submittedAt, count: 1, first: id, last: id });
      else Object.assign(known, { count: known.count + 1, last: id });
    },
    take(project, tasks) {
      const held = [...gathered].filter(
        ([, each]) => each.project === project && tasks.some((task) => isWithin(task, each)),
      );
      for (const [key] of held) gathered.delete(key);
      return held.map(([, each]) => eventOf(each));
    },
  };
}

function isWithin(task: string, { first, last }: Gathered): boolean {
  return !isOlderId(task, first) && !isOlderId(last, task);
}

function eventOf({ project, agent, by, at, count, first, last }: Gathered): NewEvent {
  const what = count === 1 ? `task ${first}` : `${count} tasks (${first} to ${last})`;
  const message = `${what} for ${agent} submitted by ${by}`;
  const fields = { agent, count, task: count === 1 ? first : null, first, last, by };
  return { project, kind: "queue.submitted", cause: "operator", message, fields, at };
}
