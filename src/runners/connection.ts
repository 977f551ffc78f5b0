/** Keeps one project's runner connected: dials, greets, resumes the journal, and begins again whenever it breaks. */
import type { FSWatcher } from "node:fs";
import { Socket } from "node:net";
import { causeChain } from "../base/errors.ts";
import { delayMs } from "../guard/retry.ts";
import type { RunnerReport } from "../model/observed.ts";
import type { DaemonFrame, ExecTicket } from "../protocol/frame.ts";
import {
  converse,
  type Conversation,
  type Ending,
  type Status,
  type Welcome,
} from "./conversation.ts";
import { createDeadlines } from "./deadlines.ts";
import { dial, watchArrival } from "./dial.ts";
import { createEventFeed, type EventFeed } from "./event-feed.ts";
import { frozen, systemCode, tasksUnknown, unreachable } from "./faults.ts";
import type { RunnersOptions } from "./options.ts";

/** The socket exists some microseconds before it listens, so the first tries are close together. */
const REDIAL = { firstMs: 4, maxMs: 5_000 };
/** Where the folder is watched, a socket that is not there yet is heard of when it comes; this is for a watch that fails. */
const UNTIL_THERE = { firstMs: 250, maxMs: 5_000 };
/** After a refusal that the next seconds will not change. */
const AFTER_REFUSAL = { firstMs: 5_000, maxMs: 30_000 };
/** A conversation that lasted this long was a good one: the next dial starts without backoff. */
const GOOD_AFTER_MS = 1_000;

/** Sent to a runner from before there were tasks they would only be garbage, and cost the connection. */
const NEED_TASKS = ["run-task", "cancel-run"];
const NOBODY_LISTENS = ["ENOENT", "ECONNREFUSED"];

export interface Connection {
  connected(): boolean;
  report(): RunnerReport | null;
  setFrozen(frozen: boolean): void;
  /** Dials now: the spool or the runner is known to be new. */
  kick(): void;
  ask(
    what: string,
    timeoutMs: number,
    frame: (id: number) => DaemonFrame,
  ): Promise<ExecTicket | null>;
  close(): void;
}

export interface ConnectionOptions {
  readonly project: string;
  readonly folder: string;
  readonly after: number;
  readonly runners: RunnersOptions;
  epoch(): number;
}

/** Opens and keeps the connection until `close`. */
export function keepConnected(options: ConnectionOptions): Connection {
  const kept = new KeptConnection(options);
  kept.kick();
  return kept;
}

/**
 * INVARIANTS: at most one socket; `talk` is set from dial to end, `welcome` from the runner's welcome to end;
 * `onConnected` alternates true, false; events reach the listener through one feed that outlives every socket.
 */
class KeptConnection implements Connection {
  readonly #options: ConnectionOptions;
  readonly #deadlines = createDeadlines();
  readonly #feed: EventFeed;
  #talk: Conversation | null = null;
  #welcome: Welcome | null = null;
  #report: RunnerReport | null = null;
  #watcher: FSWatcher | null = null;
  #timer: NodeJS.Timeout | undefined;
  #dialing = false;
  /** It was asked for while a dial was under way that may not have seen why. */
  #missed = false;
  #lastUnmet = "";
  #failures = 0;
  #welcomedAt = 0;
  #frozen = false;
  #knowsTasks = true;
  #closed = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const { project, runners } = options;
    this.#feed = createEventFeed(options.after, {
      deliver: (events) => runners.listener.onEvents(project, events),
      acknowledge: (seq) => {
        if (this.#welcome !== null) this.#talk?.send({ kind: "ack", seq, epoch: options.epoch() });
      },
      onPressure: (full) => this.#talk?.hold(full),
      onTrouble: (thrown, attempt) =>
        this.#warn("journal events are held", { attempt, cause: causeChain(thrown) }),
      randomness: () => runners.randomness(),
    });
  }

  connected(): boolean {
    return this.#welcome !== null;
  }

  report(): RunnerReport | null {
    return this.#report;
  }

  setFrozen(value: boolean): void {
    // Said with every pass: only a change may cost a new dial.
    if (value === this.#frozen) return;
    this.#frozen = value;
    this.#deadlines.setFrozen(value);
    if (!value) this.kick();
  }

  kick(): void {
    this.#failures = 0;
    this.#watcher?.close();
    this.#watcher = null;
    if (this.#talk === null) this.#dialIn(0);
  }

  ask(
    what: string,
    timeoutMs: number,
    frame: (id: number) => DaemonFrame,
  ): Promise<ExecTicket | null> {
    const { project } = this.#options;
    if (this.#frozen) return Promise.reject(frozen(project));
    if (this.#talk === null) return Promise.reject(unreachable(project, "it is not connected"));
    if (!this.#knowsTasks && NEED_TASKS.includes(what))
      return Promise.reject(tasksUnknown(project));
    return this.#talk.ask(what, timeoutMs, frame);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#stopWatching();
    this.#talk?.end("the connection was given up");
    this.#feed.close();
    this.#deadlines.clear();
  }

  #dialIn(ms: number): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#dial(), ms);
  }

  async #dial(): Promise<void> {
    if (this.#closed || this.#talk !== null) return;
    if (this.#dialing) {
      this.#missed = true;
      return;
    }
    this.#dialing = true;
    this.#missed = false;
    // Watched before dialled: a socket that appears in between is seen by one of the two.
    this.#watch();
    const reached = await dial(this.#options.folder).catch((thrown: unknown) => {
      this.#unmet(thrown);
      const watched = this.#watcher !== null && !this.#missed;
      return watched && systemCode(thrown) === "ENOENT" ? UNTIL_THERE : REDIAL;
    });
    this.#dialing = false;
    if (reached instanceof Socket) {
      if (this.#closed) reached.destroy();
      else this.#begin(reached);
    } else
      this.#dialIn(delayMs(reached, this.#failures++, () => this.#options.runners.randomness()));
  }

  /** That nothing listens is the common case while a container starts; any other reason is told once. */
  #unmet(thrown: unknown): void {
    const code = systemCode(thrown) ?? String(thrown);
    if (NOBODY_LISTENS.includes(code) || code === this.#lastUnmet) return;
    this.#lastUnmet = code;
    this.#warn("the control socket cannot be used", { cause: causeChain(thrown) });
  }

  #watch(): void {
    if (this.#watcher !== null) return;
    const arrived = (): void => {
      this.#failures = 0;
      if (this.#talk === null) this.#dialIn(0);
    };
    this.#watcher = watchArrival(this.#options.folder, arrived, () => this.#stopWatching());
  }

  #stopWatching(): void {
    this.#watcher?.close();
    this.#watcher = null;
  }

  #begin(socket: Socket): void {
    const { project, runners } = this.#options;
    this.#talk = converse(socket, {
      project,
      install: runners.install,
      deadlines: this.#deadlines,
      epoch: () => this.#options.epoch(),
      frozen: () => this.#frozen,
      onWelcome: (welcome) => this.#welcomed(welcome),
      onEvent: ({ event }) => this.#feed.push(event),
      onStatus: (status) => this.#heard(status),
      onProgress: ({ run, fraction, text }) =>
        this.#tell(() => runners.listener.onProgress(project, run, { fraction, text })),
      onEnd: (ending) => this.#ended(ending),
    });
  }

  #welcomed(welcome: Welcome): void {
    const { project, runners } = this.#options;
    this.#welcome = welcome;
    this.#welcomedAt = runners.now();
    this.#stopWatching();
    if (this.#report !== null && this.#report.bootId !== welcome.bootId) this.#report = null;
    const after = this.#feed.durable();
    // A journal that lost its end goes on behind what is recorded and says the rest again: that is the runner's part.
    if (welcome.lastSeq < after) {
      this.#warn("the journal ends before what is recorded", { lastSeq: welcome.lastSeq, after });
    }
    this.#feed.restartFrom(after);
    this.#talk?.send({ kind: "resume", after });
    this.#tell(() => runners.listener.onConnected(project, true));
  }

  #heard(status: Status): void {
    const { project, runners } = this.#options;
    if (this.#welcome === null) return;
    const { kind: _kind, ...state } = status;
    const { bootId, epoch } = this.#welcome;
    this.#knowsTasks = "taskRuns" in status;
    const report: RunnerReport = {
      project,
      bootId,
      epoch: Math.max(epoch, this.#options.epoch()),
      heardAt: runners.now(),
      ...state,
      taskRuns: taskRunsOf(status),
      journalSeq: "journalSeq" in status ? status.journalSeq : null,
    };
    this.#report = report;
    this.#tell(() => runners.listener.onReport(report));
  }

  #ended(ending: Ending): void {
    const { project, runners } = this.#options;
    const wasConnected = this.#welcome !== null;
    const good = wasConnected && runners.now() - this.#welcomedAt >= GOOD_AFTER_MS;
    this.#talk = null;
    this.#welcome = null;
    this.#failures = good ? 0 : this.#failures + 1;
    if (!this.#closed) this.#warn("the runner's connection ended", { why: ending.why });
    const chance = (): number => runners.randomness();
    const policy = ending.kind === "lost" ? REDIAL : AFTER_REFUSAL;
    this.#dialIn(good ? 0 : delayMs(policy, this.#failures - 1, chance));
    if (ending.kind === "fenced")
      this.#tell(() => runners.listener.onFenced(project, ending.epoch));
    if (wasConnected) this.#tell(() => runners.listener.onConnected(project, false));
  }

  /** A listener that throws is its own defect; the connection goes on. */
  #tell(call: () => void): void {
    try {
      call();
    } catch (thrown) {
      this.#warn("a listener failed", { cause: causeChain(thrown) });
    }
  }

  #warn(message: string, fields: Readonly<Record<string, unknown>>): void {
    this.#options.runners.log.warn(message, { project: this.#options.project, ...fields });
  }
}

/** A runner from before there were tasks does not say it: its projects have no worker, or wait for their next start. */
function taskRunsOf(status: Status): readonly string[] {
  return "taskRuns" in status ? status.taskRuns : [];
}
