/** The waiting tasks of one agent of one project, in the order in which they get its slots. */
import { isOlderId, type WaitingTask } from "../../model/task.ts";
import { summitAt } from "./aging.ts";
import { Heap } from "./heap.ts";

/** What a task's turn depends on, as pool and strategies compare it. */
export interface Head {
  readonly task: WaitingTask;
  /** When aging has raised it above everything fresh; the earlier, the more it counts. */
  readonly summitAt: number;
  readonly priority: number;
}

/** Keys are copied from the task: comparing must not look up a hundred thousand objects twice. */
interface Entry extends Head {
  readonly dueAt: number;
  readonly readyAt: number;
  urgent: number;
  senior: number;
}

/**
 * INVARIANTS
 * - Order: priority, then the earlier deadline, then who waits longer, then the id, as a number.
 * - Except that a task which has aged to the summit goes first (see aging.ts): a stream of urgent tasks cannot keep a
 *   task of the same queue waiting for ever.
 * - Every operation takes logarithmic time; the order does not depend on the order of insertion.
 */
export class AgentQueue {
  readonly #entries = new Map<string, Entry>();
  readonly #urgent = new Heap<Entry>({
    before: comesBefore,
    moved: (entry, place) => {
      entry.urgent = place;
    },
  });
  readonly #senior = new Heap<Entry>({
    before: (a, b) => {
      if (a.summitAt !== b.summitAt) return a.summitAt < b.summitAt;
      return comesBefore(a, b);
    },
    moved: (entry, place) => {
      entry.senior = place;
    },
  });

  /** The tops of both heaps: an allocation looks at every queue's head, and at no more memory than these. */
  #first: Entry | null = null;
  #oldest: Entry | null = null;
  #oldestSummitAt = Infinity;

  get size(): number {
    return this.#entries.size;
  }

  /** False, changing nothing: it waits here already. */
  insert(task: WaitingTask): boolean {
    if (this.#entries.has(task.id)) return false;
    const entry = entryOf(task);
    this.#entries.set(task.id, entry);
    this.#urgent.push(entry);
    this.#senior.push(entry);
    this.#look();
    return true;
  }

  remove(id: string): WaitingTask | null {
    const entry = this.#entries.get(id);
    if (entry === undefined) return null;
    this.#entries.delete(id);
    this.#urgent.removeAt(entry.urgent);
    this.#senior.removeAt(entry.senior);
    this.#look();
    return entry.task;
  }

  /** Who is next in this queue. */
  head(now: number): Head | null {
    return this.#oldestSummitAt <= now ? this.#oldest : this.#first;
  }

  find(id: string): WaitingTask | null {
    return this.#entries.get(id)?.task ?? null;
  }

  /** In no order. */
  *tasks(): Generator<WaitingTask> {
    for (const { task } of this.#entries.values()) yield task;
  }

  /** All of it in order, as of `now`; the queue must not change meanwhile. */
  *inOrder(now: number): Generator<Head, undefined> {
    const passed = new Set<Entry>();
    for (const entry of this.#senior.walk(({ senior }) => senior)) {
      if (entry.summitAt > now) break;
      passed.add(entry);
      yield entry;
    }
    for (const entry of this.#urgent.walk(({ urgent }) => urgent))
      if (!passed.has(entry)) yield entry;
    return undefined;
  }

  #look(): void {
    this.#first = this.#urgent.peek() ?? null;
    this.#oldest = this.#senior.peek() ?? null;
    this.#oldestSummitAt = this.#oldest?.summitAt ?? Infinity;
  }
}

function entryOf(task: WaitingTask): Entry {
  const { priority, readyAt } = task;
  const dueAt = task.deadlineAt ?? Infinity;
  return { task, summitAt: summitAt(task), priority, dueAt, readyAt, urgent: -1, senior: -1 };
}

function comesBefore(a: Entry, b: Entry): boolean {
  if (a.priority !== b.priority) return a.priority > b.priority;
  if (a.dueAt !== b.dueAt) return a.dueAt < b.dueAt;
  if (a.readyAt !== b.readyAt) return a.readyAt < b.readyAt;
  return isOlderId(a.task.id, b.task.id);
}
