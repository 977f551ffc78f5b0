/** One replica of an agent: keeps its process running as the restart policy says, one run after another. */
import type { AgentStateKind, AgentStatus } from "../model/agent.ts";
import { FRESH_HISTORY, restartDecision } from "../model/restart.ts";
import type { EndedRun, RestartHistory } from "../model/restart.ts";
import type { ExitCause, JournalBody } from "../model/run.ts";
import type { AgentPlan } from "../model/agent-plan.ts";
import { Bell } from "./bell.ts";
import type { ShortCommand, ShortOutcome } from "./command.ts";
import type { Exit } from "./launch.ts";
import { RunHealth } from "./run-health.ts";
import { newRunId } from "../protocol/run-id.ts";
import { startRun } from "./run.ts";
import type { ActiveRun, RunRoom } from "./run.ts";

/** What a replica is told from outside. `config` and `restart` end the run and begin another; the others end it for good. */
export type Nudge = "config" | "restart" | "stop" | "shutdown";

export interface ReplicaRoom extends RunRoom {
  readonly journal: Readonly<{ append(body: JournalBody): unknown }>;
  /** Why nothing may start now (secret, workspace, journal), or null; `opened` rings when that may have changed. */
  readonly gate: Readonly<{ blocker(): string | null; opened: Bell }>;
  readonly check: (command: ShortCommand) => Promise<ShortOutcome>;
  /** Whether this death is one the cgroup's OOM counter tells of. */
  readonly claimOom: () => boolean;
  readonly chance: () => number;
  /** How often it was started again before this container's life, if that ended under it. */
  readonly restartsBefore: (agent: string, replica: number) => number;
  /** Something in `status` changed. */
  readonly changed: () => void;
}

interface Progress {
  state: AgentStateKind;
  reason: string | null;
  nextStartAt: number | null;
  restarts: number;
  lastExit: AgentStatus["lastExit"];
}

/**
 * INVARIANTS: at most one run of a replica is alive, and the next one starts only when nothing of the last one's tree is
 * left. Every run that was started gets exactly one terminal event. `done` resolves only after a final nudge.
 */
export class Replica {
  readonly agent: string;
  readonly number: number;
  readonly done: Promise<void>;
  readonly #room: ReplicaRoom;
  readonly #bell = new Bell();
  #plan: AgentPlan;
  #nudge: Nudge | null = null;
  #run: ActiveRun | null = null;
  #history: RestartHistory = FRESH_HISTORY;
  #progress: Progress = {
    state: "waiting",
    reason: null,
    nextStartAt: null,
    restarts: 0,
    lastExit: null,
  };

  constructor(plan: AgentPlan, number: number, room: ReplicaRoom) {
    this.agent = plan.spec.name;
    this.number = number;
    this.#plan = plan;
    this.#room = room;
    this.#progress.restarts = room.restartsBefore(this.agent, number);
    this.done = this.#live();
  }

  /** What must be done for another plan to hold: a process that runs takes a new policy over as it is. */
  nudgeFor(plan: AgentPlan): Nudge | null {
    if (plan.fingerprint !== this.#plan.fingerprint) return "config";
    return plan.policy !== this.#plan.policy && this.#run === null ? "config" : null;
  }

  get marker(): number | null {
    return this.#run?.marker ?? null;
  }

  /** A newer plan: its policy holds at once, its process from the next run on; `nudge` decides whether this one ends for it. */
  adopt(plan: AgentPlan): void {
    this.#plan = plan;
    this.#bell.ring();
  }

  nudge(nudge: Nudge): void {
    if (this.#isFinal()) return;
    this.#nudge = nudge;
    this.#bell.ring();
  }

  status(use: Readonly<{ cpuMs: number; rssBytes: number }> | null): AgentStatus {
    const run = this.#run;
    return {
      agent: this.agent,
      replica: this.number,
      ...this.#progress,
      pid: run?.pid ?? null,
      runId: run?.id ?? null,
      startedAt: run?.startedAt ?? null,
      cpuMs: run === null ? null : (use?.cpuMs ?? null),
      rssBytes: run === null ? null : (use?.rssBytes ?? null),
    };
  }

  #isFinal(): boolean {
    return this.#nudge === "stop" || this.#nudge === "shutdown";
  }

  #become(
    state: AgentStateKind,
    reason: string | null = null,
    nextStartAt: number | null = null,
  ): void {
    this.#progress = { ...this.#progress, state, reason, nextStartAt };
    this.#room.changed();
  }

  async #live(): Promise<void> {
    for (;;) {
      // What runs already waits for nothing.
      if (!this.#room.first.has(this.agent, this.number)) await this.#passGate();
      if (this.#isFinal()) break;
      this.#nudge = null;
      const ended = await this.#runOnce();
      if (this.#isFinal()) break;
      // Changed or restarted by the operator: a new life, with all its chances.
      if (this.#nudge === null) await this.#afterRun(ended);
      else this.#history = FRESH_HISTORY;
    }
    this.#become("exited", "stopped");
  }

  async #passGate(): Promise<void> {
    for (;;) {
      const blocker = this.#room.gate.blocker();
      if (blocker === null || this.#isFinal()) return;
      this.#become("waiting", blocker);
      await this.#bell.next(this.#room.gate.opened);
    }
  }

  /** Waits as the policy says; returns when the next run may start, or at a nudge. */
  async #afterRun(ended: EndedRun): Promise<void> {
    const { restart: policy } = this.#plan.spec;
    const { ok: mayRestart } = this.#plan.identity;
    const chance = this.#room.chance();
    const { verdict, history } = restartDecision(ended, this.#history, { policy, chance });
    this.#history = history;
    if (verdict.kind === "give-up" || !mayRestart) {
      const loop = verdict.kind === "give-up" && verdict.reason === "crash-loop" ? verdict : null;
      if (loop !== null) this.#tellCrashLoop(loop.failures);
      else this.#become("exited", mayRestart ? this.#progress.reason : identityReason(this.#plan));
      while (this.#nudge === null) await this.#bell.next();
      this.#history = FRESH_HISTORY;
      return;
    }
    if (verdict.kind === "wait") await this.#backOff(verdict.until);
    if (this.#nudge === null) this.#progress.restarts += 1;
  }

  #tellCrashLoop(failures: number): void {
    const { agent, number: replica } = this;
    this.#room.journal.append({ kind: "crash-loop", agent, replica, failures });
    const { max, windowMs } = this.#plan.spec.restart;
    const last = this.#progress.reason === null ? "" : `; ${this.#progress.reason}`;
    this.#become(
      "crash-loop",
      `${failures} failures in ${windowMs} ms, ${max} restarts allowed${last}`,
    );
  }

  async #backOff(until: number): Promise<void> {
    this.#become("backoff", this.#progress.reason, until);
    const over = { yet: false };
    const alarm = this.#room.clock.after(until - this.#room.clock.now(), () => {
      over.yet = true;
      this.#bell.ring();
    });
    while (!over.yet && this.#nudge === null) await this.#bell.next();
    alarm.cancel();
  }

  async #runOnce(): Promise<EndedRun> {
    const { clock, journal } = this.#room;
    const [plan, at, livedAt] = [this.#plan, clock.now(), clock.lived()];
    this.#become("starting");
    const name = { agent: this.agent, replica: this.number };
    const verdict = await startRun(
      plan,
      { replica: this.number, restarts: this.#progress.restarts },
      this.#room,
    ).catch(failedStart);
    if (!verdict.ok) {
      const { id: run, reason } = verdict;
      journal.append({ kind: "start-failed", run, ...name, reason, generation: plan.generation });
      this.#room.first.told(run);
      this.#room.openRuns.remove(run);
      this.#progress.reason = reason;
      return { startedAt: at, endedAt: clock.now(), failed: true };
    }
    const { run } = verdict;
    this.#run = run;
    const { generation } = plan;
    const { startedAt } = run;
    const earlierMs = Math.max(0, at - startedAt);
    const when = earlierMs > 0 ? { startedAt } : {};
    journal.append({ kind: "started", run: run.id, ...name, pid: run.pid, generation, ...when });
    this.#room.first.told(run.id);
    const { cause, exit } = await this.#watch(run, plan);
    const survivors = await run.finish(exit);
    // A SIGKILL of ours explains itself; any other may have been the kernel's.
    const oom = exit.signal === "SIGKILL" && cause === "self" && this.#room.claimOom();
    const durationMs = Math.round(clock.lived() - livedAt + earlierMs);
    const { code, signal } = exit;
    const facts = { code, signal, oom, cause, survivors, durationMs, ...run.memory(oom) };
    journal.append({ kind: "exited", run: run.id, ...name, ...facts });
    this.#room.openRuns.remove(run.id);
    this.#run = null;
    const endedAt = clock.now();
    this.#progress.lastExit = { code, signal, oom, at: endedAt };
    this.#progress.reason = describeExit(exit, oom, cause);
    return {
      startedAt: endedAt - durationMs,
      endedAt,
      failed: code !== 0 || cause === "unhealthy",
    };
  }

  /** Until the main process has ended, by itself or because we asked. */
  async #watch(run: ActiveRun, plan: AgentPlan): Promise<{ cause: ExitCause; exit: Exit }> {
    const seen: { exit: Exit | null; ill: boolean } = { exit: null, ill: false };
    const ended = (exit: Exit): void => {
      seen.exit = exit;
      this.#bell.ring();
    };
    void run.exited.then(ended);
    const health = new RunHealth({
      name: { run: run.id, agent: this.agent, replica: this.number },
      room: this.#room,
      become: (state, reason) => this.#become(state, reason),
      fellIll: () => {
        seen.ill = this.#plan.spec.restart.mode !== "no";
        this.#bell.ring();
      },
    });
    health.follow(plan);
    try {
      for (;;) {
        if (this.#nudge === null) health.follow(this.#plan);
        if (seen.exit !== null) return { cause: "self", exit: seen.exit };
        const cause = this.#nudge ?? (seen.ill ? "unhealthy" : null);
        if (cause !== null) {
          health.stop();
          return { cause, exit: await this.#stop(run, this.#plan.spec.stopGraceMs) };
        }
        await this.#bell.next();
      }
    } finally {
      health.stop();
    }
  }

  /** SIGTERM to the tree, the grace, then SIGKILL to all of it. */
  async #stop(run: ActiveRun, graceMs: number): Promise<Exit> {
    this.#become("stopping");
    run.terminate();
    const alarm = this.#room.clock.after(graceMs, () => void run.kill());
    const exit = await run.exited;
    alarm.cancel();
    return exit;
  }
}

function identityReason(plan: AgentPlan): string | null {
  return plan.identity.ok ? null : plan.identity.reason;
}

function describeExit(exit: Exit, oom: boolean, cause: ExitCause): string {
  const how = exit.signal === null ? `exit code ${exit.code ?? "unknown"}` : exit.signal;
  if (oom) return `${how}, out of memory`;
  return cause === "self" ? how : `${how} (${cause})`;
}

/** What no start can do without (a FIFO, a folder in the spool) was refused: no descriptor, process or space left. */
function failedStart(thrown: unknown): Readonly<{ ok: false; id: string; reason: string }> {
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return { ok: false, id: newRunId(Date.now(), Math.random), reason };
}
