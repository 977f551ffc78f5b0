/** One attempt of a task: its process with payload, result and words, from before its start until its terminal event. */
import type { ExitCause, JournalBody } from "../model/run.ts";
import type { DaemonFrame } from "../protocol/frame.ts";
import type { AgentPlan } from "../model/agent-plan.ts";
import type { Exit } from "./launch.ts";
import type { Progress } from "./progress.ts";
import { RESULT_FD, ResultPipe } from "./result-pipe.ts";
import { resultFields } from "./result.ts";
import type { ResultFields } from "./result.ts";
import { DRAIN_DEADLINE_MS, spawnRun, within } from "./run.ts";
import type { ActiveRun, RunRoom } from "./run.ts";
import type { Saying } from "./saying.ts";
import type { TaskFiles } from "./task-file.ts";
import { TaskWords } from "./task-words.ts";
import type { Voice } from "./voice.ts";

/** Said in the moment between a start and our reading of it; a result has at most 90 parts. */
const MAX_UNHEARD = 1_000;

export type TaskOrder = Omit<Extract<DaemonFrame, { kind: "run-task" }>, "kind" | "id" | "epoch">;
export type TaskStop = Extract<ExitCause, "stop" | "shutdown" | "cancel" | "timeout">;

export interface TaskRoom extends RunRoom {
  readonly journal: Readonly<{ append(body: JournalBody): unknown }>;
  readonly files: TaskFiles;
  /** Whether this death is one the cgroup's OOM counter tells of. */
  readonly claimOom: () => boolean;
  readonly progress: (run: string, progress: Progress) => void;
}

export interface TaskPlace {
  readonly plan: AgentPlan;
  /** Tells processes of one agent apart that run at once. */
  readonly replica: number;
}

interface Started {
  readonly ok: true;
  readonly run: ActiveRun;
  readonly result: ResultPipe;
  readonly voice: Voice;
}

type StartVerdict = Started | Readonly<{ ok: false; reason: string }>;

/** INVARIANTS: exactly one of `start-failed` and `exited` is journalled, and `started` before `exited` and any note. */
export class TaskRun {
  readonly order: TaskOrder;
  readonly replica: number;
  /** Its command runs, or it is clear that it never will. */
  readonly spawned: Promise<void>;
  /** The terminal event is in the journal. */
  readonly done: Promise<void>;
  readonly #place: TaskPlace;
  readonly #room: TaskRoom;
  readonly #words: TaskWords;
  readonly #spawned = Promise.withResolvers<void>();
  readonly #stopping = Promise.withResolvers<TaskStop>();
  readonly #bornAt: number;
  /** What it said before the launcher's word of its start was read. */
  readonly #unheard: Saying[] = [];
  #startTold = false;

  constructor(order: TaskOrder, place: TaskPlace, room: TaskRoom) {
    this.order = order;
    this.replica = place.replica;
    this.#place = place;
    this.#room = room;
    this.#bornAt = room.clock.lived();
    this.#words = new TaskWords({
      note: (text) => room.journal.append({ kind: "note", run: order.run, text }),
      progress: (progress) => room.progress(order.run, progress),
    });
    this.spawned = this.#spawned.promise;
    this.done = this.#live();
  }

  get progress(): Progress | null {
    return this.#words.progress;
  }

  /** Ends the process and everything it started; the first cause given is the one that counts. */
  stop(cause: TaskStop): void {
    this.#stopping.resolve(cause);
  }

  /** What was said through this user's voice in this run's name. */
  hear(saying: Saying, uid: number): void {
    const { identity } = this.#place.plan;
    if (!identity.ok || identity.identity.uid !== uid) return;
    if (this.#startTold) this.#words.hear(saying);
    else if (this.#unheard.length < MAX_UNHEARD) this.#unheard.push(saying);
  }

  async #live(): Promise<void> {
    const { run } = this.order;
    const started = await this.#spawn().catch(refused);
    if (started.ok) {
      this.#tellStarted(started.run);
      this.#spawned.resolve();
      await this.#liveOn(started);
    } else {
      this.#spawned.resolve();
      const { generation } = this.#place.plan;
      const body = { run, ...this.#name(), reason: started.reason, generation };
      this.#room.journal.append({ kind: "start-failed", ...body });
    }
    this.#room.files.remove(run);
    this.#room.openRuns.remove(run);
  }

  async #spawn(): Promise<StartVerdict> {
    const { plan } = this.#place;
    if (!plan.identity.ok) return plan.identity;
    const { identity } = plan.identity;
    const { speech, files } = this.#room;
    const voice = await speech.voiceOf(identity);
    const path = files.write(this.order.run, this.order.payload, identity);
    const result = new ResultPipe();
    const meta = this.#meta();
    const own = this.#environment(path);
    const { task } = this.order;
    const feed = { in: path, result: (readFd: number) => result.begin(readFd) };
    const parts = { plan, identity, meta, own, task, feed, begun: null };
    const spawned = await spawnRun(parts, this.#room).catch(refused);
    return spawned.ok ? { ...spawned, result, voice } : spawned;
  }

  /** From the command's first instruction on. */
  async #liveOn({ run, result, voice }: Started): Promise<void> {
    const { cause, exit } = await this.#watch(run);
    const survivors = await run.finish(exit);
    if (result.begun) await within(result.ended, DRAIN_DEADLINE_MS);
    voice.drain();
    this.#words.end();
    const fields = this.#resultOf(result);
    // A SIGKILL of ours explains itself; any other may have been the kernel's.
    const oom = exit.signal === "SIGKILL" && cause === "self" && this.#room.claimOom();
    const durationMs = Math.round(this.#room.clock.lived() - this.#bornAt);
    const { code, signal } = exit;
    const facts = {
      code,
      signal,
      oom,
      cause,
      survivors,
      durationMs,
      ...run.memory(oom),
      ...fields,
    };
    this.#room.journal.append({ kind: "exited", run: run.id, ...this.#name(), ...facts });
  }

  async #watch(run: ActiveRun): Promise<{ cause: ExitCause; exit: Exit }> {
    const { clock } = this.#room;
    const spent = clock.lived() - this.#bornAt;
    const late = clock.after(Math.max(0, this.order.timeoutMs - spent), () => this.stop("timeout"));
    const first = await Promise.race([run.exited, this.#stopping.promise]);
    late.cancel();
    if (typeof first !== "string") return { cause: "self", exit: first };
    run.terminate();
    const alarm = clock.after(this.#place.plan.spec.stopGraceMs, () => void run.kill());
    const exit = await run.exited;
    alarm.cancel();
    return { cause: first, exit };
  }

  /** The descriptor's word counts before `berth-agent result`. */
  #resultOf(pipe: ResultPipe): ResultFields {
    const written = pipe.close();
    if (pipe.byteLength > 0) return resultFields(written, pipe.byteLength);
    const said = this.#words.result;
    return said === null ? {} : resultFields(said.bytes, said.byteLength);
  }

  #tellStarted({ id, pid }: ActiveRun): void {
    this.#startTold = true;
    const { generation } = this.#place.plan;
    const body = { run: id, ...this.#name(), pid, generation, task: this.order.task };
    this.#room.journal.append({ kind: "started", ...body });
    for (const saying of this.#unheard.splice(0)) this.#words.hear(saying);
  }

  #name(): Readonly<{ agent: string; replica: number }> {
    return { agent: this.order.agent, replica: this.replica };
  }

  #meta() {
    const { boot, clock } = this.#room;
    const { generation } = this.#place.plan;
    return { run: this.order.run, ...this.#name(), boot, generation, startedAt: clock.now() };
  }

  #environment(taskFile: string): Readonly<Record<string, string>> {
    const { run, task, attempt } = this.order;
    return {
      BERTH_REPLICA: String(this.replica),
      BERTH_RUN_ID: run,
      BERTH_TASK: task,
      BERTH_ATTEMPT: String(attempt),
      BERTH_TASK_FILE: taskFile,
      BERTH_RESULT_FD: String(RESULT_FD),
    };
  }
}

/** What no start can do without (a voice, room in tmpfs) was refused: no descriptor, process or space left. */
function refused(thrown: unknown): Readonly<{ ok: false; reason: string }> {
  return { ok: false, reason: thrown instanceof Error ? thrown.message : String(thrown) };
}
