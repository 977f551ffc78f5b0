/** The agent pool: every task that waits for a slot and every slot that is taken, kept so that a change costs logarithmic time. */
import type { WaitingTask } from "../../model/task.ts";
import { AgentQueue } from "./queue.ts";

/** A slot that is taken. */
export interface RunningSlot {
  readonly task: string;
  readonly project: string;
  readonly agent: string;
  readonly startedAt: number;
}

/** One agent of one project: what waits for it and how many slots it has. */
export interface AgentLine {
  readonly project: string;
  readonly agent: string;
  readonly queue: AgentQueue;
  running: number;
}

export interface ProjectLines {
  readonly project: string;
  readonly agents: Map<string, AgentLine>;
  running: number;
}

/**
 * INVARIANTS
 * - A task either waits or runs, never both; every call that finds it elsewhere changes nothing and says so.
 * - Counts are of what was told: `start`/`hold` take a slot, `finish` frees it. Nothing here reads a clock.
 * - Projects and agents with nothing waiting and nothing running are forgotten.
 */
export class PoolState {
  readonly #projects = new Map<string, ProjectLines>();
  readonly #waiting = new Map<string, AgentLine>();
  readonly #slots = new Map<string, RunningSlot>();
  /** Of #projects by name; null: to be sorted anew. */
  #sorted: readonly ProjectLines[] | null = null;

  get waiting(): number {
    return this.#waiting.size;
  }

  get running(): number {
    return this.#slots.size;
  }

  /** False: this task waits or runs already. */
  insert(task: WaitingTask): boolean {
    if (this.#waiting.has(task.id) || this.#slots.has(task.id)) return false;
    const line = this.#lineOf(task.project, task.agent);
    line.queue.insert(task);
    this.#waiting.set(task.id, line);
    return true;
  }

  /** It waits no longer (cancelled, past its deadline); null: it did not wait. */
  remove(id: string): WaitingTask | null {
    const line = this.#waiting.get(id);
    if (line === undefined) return null;
    this.#waiting.delete(id);
    const task = line.queue.remove(id);
    this.#forgetIfEmpty(line);
    return task;
  }

  /** False: it does not wait. Time waited so far counts on. */
  reprioritise(id: string, priority: number): boolean {
    const line = this.#waiting.get(id);
    const task = line?.queue.remove(id);
    if (line === undefined || task === undefined || task === null) return false;
    return line.queue.insert({ ...task, priority });
  }

  /** It gets a slot; null: it did not wait. */
  start(id: string, now: number): RunningSlot | null {
    const line = this.#waiting.get(id);
    if (line === undefined) return null;
    const slot = { task: id, project: line.project, agent: line.agent, startedAt: now };
    this.hold(slot);
    return slot;
  }

  /** A slot that is known to be taken, after a restart or by somebody else's admission. False: known already. */
  hold(slot: RunningSlot): boolean {
    if (this.#slots.has(slot.task)) return false;
    const line = this.#lineOf(slot.project, slot.agent);
    this.#slots.set(slot.task, slot);
    line.running += 1;
    const lines = this.#projects.get(slot.project);
    if (lines !== undefined) lines.running += 1;
    this.remove(slot.task);
    return true;
  }

  /** The slot is free again; null: it was not taken. */
  finish(id: string): RunningSlot | null {
    const slot = this.#slots.get(id);
    if (slot === undefined) return null;
    this.#slots.delete(id);
    const line = this.#lineOf(slot.project, slot.agent);
    line.running -= 1;
    const lines = this.#projects.get(slot.project);
    if (lines !== undefined) lines.running -= 1;
    this.#forgetIfEmpty(line);
    return slot;
  }

  /** The waiting task of this id. */
  find(id: string): WaitingTask | null {
    return this.#waiting.get(id)?.queue.find(id) ?? null;
  }

  /** Whether this task has a slot. */
  holds(id: string): boolean {
    return this.#slots.has(id);
  }

  lines(project: string): ProjectLines | null {
    return this.#projects.get(project) ?? null;
  }

  line(project: string, agent: string): AgentLine | null {
    return this.#projects.get(project)?.agents.get(agent) ?? null;
  }

  /** Projects with something waiting or running, in the order of their names. */
  byName(): readonly ProjectLines[] {
    this.#sorted ??= [...this.#projects.values()].toSorted((a, b) =>
      a.project < b.project ? -1 : 1,
    );
    return this.#sorted;
  }

  waitingIds(): Iterable<string> {
    return this.#waiting.keys();
  }

  slots(): Iterable<RunningSlot> {
    return this.#slots.values();
  }

  /** An equal pool that can be changed without changing this one. */
  copy(): PoolState {
    const copy = new PoolState();
    for (const slot of this.#slots.values()) copy.hold(slot);
    for (const { agents } of this.#projects.values())
      for (const { queue } of agents.values()) for (const task of queue.tasks()) copy.insert(task);
    return copy;
  }

  #lineOf(project: string, agent: string): AgentLine {
    let lines = this.#projects.get(project);
    if (lines === undefined) {
      lines = { project, agents: new Map(), running: 0 };
      this.#projects.set(project, lines);
      this.#sorted = null;
    }
    let line = lines.agents.get(agent);
    if (line === undefined) {
      line = { project, agent, queue: new AgentQueue(), running: 0 };
      lines.agents.set(agent, line);
    }
    return line;
  }

  #forgetIfEmpty(line: AgentLine): void {
    if (line.queue.size > 0 || line.running > 0) return;
    const lines = this.#projects.get(line.project);
    lines?.agents.delete(line.agent);
    if (lines === undefined || lines.agents.size > 0) return;
    this.#projects.delete(line.project);
    this.#sorted = null;
  }
}
