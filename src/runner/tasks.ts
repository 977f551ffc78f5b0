/** All task runs of the project: which are accepted, which live, who may still start. */
import { BerthError } from "../base/errors.ts";
import { isRunId } from "../protocol/spool.ts";
import { isWorker } from "../model/agent-plan.ts";
import type { AgentPlan } from "../model/agent-plan.ts";
import { condemn } from "./condemn.ts";
import type { Journal } from "./journal.ts";
import { KnownRuns } from "./known-runs.ts";
import type { Progress } from "./progress.ts";
import { TaskFiles } from "./task-file.ts";
import { TaskRun } from "./task-run.ts";
import type { TaskOrder, TaskRoom } from "./task-run.ts";
import type { Saying } from "./saying.ts";

/** Far above any pool; each has four descriptors and a file in the runner. */
const MAX_LIVE_TASKS = 512;

export interface TasksParts extends Omit<TaskRoom, "files"> {
  readonly known: Pick<Journal, "ackedSeq" | "readAfter">;
  readonly planOf: (agent: string) => AgentPlan | null;
  /** Why nothing may start now, or null. */
  readonly blocker: () => string | null;
  readonly changed: () => void;
}

/** INVARIANTS: a run id is started at most once; a run is in `runs` from its acceptance until its end is in the journal. */
export class Tasks {
  readonly #parts: TasksParts;
  readonly #room: TaskRoom;
  readonly #known: KnownRuns;
  readonly #live = new Map<string, TaskRun>();
  #ending = false;

  constructor(parts: TasksParts, folder: string) {
    this.#parts = parts;
    this.#known = new KnownRuns(parts.known);
    this.#room = { ...parts, files: new TaskFiles(folder) };
  }

  /** What was said through this user's voice. */
  hear(saying: Saying, uid: number): void {
    this.#live.get(saying.run)?.hear(saying, uid);
  }

  /** Agents changed: tasks of one that takes none any more end; what later tasks need is made ready. */
  apply(plans: Iterable<AgentPlan>): void {
    const workers = new Set<string>();
    for (const { spec, identity } of plans) {
      if (!isWorker(spec)) continue;
      workers.add(spec.name);
      // A failure is told by the first task, which tries again.
      if (identity.ok) this.#room.speech.voiceOf(identity.identity).catch(() => undefined);
    }
    for (const task of this.#live.values()) if (!workers.has(task.order.agent)) task.stop("stop");
  }

  runs(): readonly string[] {
    return [...this.#live.keys()];
  }

  /** What tasks last said of their progress, for a daemon that is new. */
  progress(): readonly (readonly [string, Progress])[] {
    return [...this.#live].flatMap(([run, { progress }]) =>
      progress === null ? [] : [[run, progress] as const],
    );
  }

  /** Resolves when there is a process, or it is clear that none will be; throws when nothing was accepted. */
  async start(order: TaskOrder): Promise<void> {
    const { run, agent } = order;
    if (this.#live.has(run) || this.#known.has(run)) return this.#live.get(run)?.spawned;
    const plan = this.#acceptable(order);
    this.#known.add(run);
    const task = new TaskRun(order, { plan, replica: this.#freeReplica(agent) }, this.#room);
    this.#live.set(run, task);
    this.#forgetWhenDone(task).catch((thrown: unknown) => condemn(`task: ${String(thrown)}`));
    this.#parts.changed();
    await task.spawned;
  }

  /** Runs that are unknown or have ended need no cancelling. */
  cancel(run: string): void {
    this.#live.get(run)?.stop("cancel");
  }

  async shutdown(): Promise<void> {
    this.#ending = true;
    const all = [...this.#live.values()];
    for (const task of all) task.stop("shutdown");
    await Promise.all(all.map((task) => task.done));
  }

  #acceptable({ run, agent }: TaskOrder): AgentPlan {
    const plan = this.#parts.planOf(agent);
    if (plan === null || !isWorker(plan.spec)) {
      const detail = plan === null ? `no agent ${agent}` : `${agent} is a service`;
      throw new BerthError("rejected", { code: "runner.agent-unknown", detail });
    }
    if (!isRunId(run)) {
      const detail = "a run's id is a file name of up to 64 letters, digits, - and _";
      throw new BerthError("rejected", { code: "runner.run-unnameable", detail });
    }
    const blocker = this.#ending ? "the container is being stopped" : this.#parts.blocker();
    if (blocker !== null) {
      throw new BerthError("capacity", { code: "runner.task-blocked", detail: blocker });
    }
    if (this.#live.size >= MAX_LIVE_TASKS) {
      const detail = `${MAX_LIVE_TASKS} tasks run in this container`;
      throw new BerthError("capacity", { code: "runner.tasks-full", detail });
    }
    return plan;
  }

  #freeReplica(agent: string): number {
    const taken = new Set(
      [...this.#live.values()].flatMap((task) =>
        task.order.agent === agent ? [task.replica] : [],
      ),
    );
    let free = 0;
    while (taken.has(free)) free += 1;
    return free;
  }

  async #forgetWhenDone(task: TaskRun): Promise<void> {
    await task.done;
    this.#live.delete(task.order.run);
    this.#parts.changed();
  }
}
