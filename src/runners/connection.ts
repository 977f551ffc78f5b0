/** Keeps one project's runner connected: dials, greets, resumes the journal, and begins again whenever it breaks. */
import type { Socket } from "node:net";
import { causeChain } from "../base/errors.ts";
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
import { Dialer } from "./dialer.ts";
import { createForerunner, type Forerunner } from "./forerunner.ts";
import { createEventFeed, type EventFeed } from "./event-feed.ts";
import { frozen, tasksUnknown, unreachable } from "./faults.ts";
import type { Begun } from "./first-starts.ts";
import type { RunnersOptions } from "./options.ts";

/** A conversation that lasted this long was a good one: the next dial starts without backoff. */
const GOOD_AFTER_MS = 1_000;

/** Sent to a runner from before there were tasks they would only be garbage, and cost the connection. */
const NEED_TASKS = ["run-task", "cancel-run"];

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
  readonly #dialer: Dialer;
  /** What the launcher told before its runner was there; that runner comes when it is asked for anything. */
  readonly #forerunner: Forerunner;
  #talk: Conversation | null = null;
  #welcome: Welcome | null = null;
  #report: RunnerReport | null = null;
  #welcomedAt = 0;
  #frozen = false;
  #knowsTasks = true;
  #closed = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const { project, folder, runners } = options;
    this.#dialer = new Dialer({
      folder,
      randomness: () => runners.randomness(),
      wanted: () => this.#talk === null,
      reached: (socket) => this.#begin(socket),
      absent: () => this.#forerunner.look(),
      trouble: (cause) => this.#warn("the control socket cannot be used", { cause }),
    });
    this.#forerunner = createForerunner({
      project,
      folder,
      runners,
      told: (begun) => {
        this.#tell(() => runners.listener.onConnected(project, true));
        this.#heardOf(begun);
      },
      changed: (begun) => this.#heardOf(begun),
      lost: () => this.#tell(() => runners.listener.onConnected(project, false)),
    });
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
    return this.#welcome !== null || this.#forerunner.there();
  }

  report(): RunnerReport | null {
    return this.#report;
  }

  setFrozen(value: boolean): void {
    // Said with every pass: only a change may cost a new dial.
    if (value === this.#frozen) return;
    this.#frozen = value;
    this.#deadlines.setFrozen(value);
    if (!value) this.#dialer.kick();
  }

  kick(): void {
    this.#forerunner.forget();
    this.#dialer.kick();
  }

  ask(
    what: string,
    timeoutMs: number,
    frame: (id: number) => DaemonFrame,
  ): Promise<ExecTicket | null> {
    const { project } = this.#options;
    if (this.#frozen) return Promise.reject(frozen(project));
    if (this.#welcome === null && this.#forerunner.there())
      return this.#forerunner.call(timeoutMs).then(() => this.ask(what, timeoutMs, frame));
    if (this.#talk === null) return Promise.reject(unreachable(project, "it is not connected"));
    if (!this.#knowsTasks && NEED_TASKS.includes(what))
      return Promise.reject(tasksUnknown(project));
    return this.#talk.ask(what, timeoutMs, frame);
  }

  close(): void {
    this.#closed = true;
    this.#dialer.close();
    this.#forerunner.close();
    this.#talk?.end("the connection was given up");
    this.#feed.close();
    this.#deadlines.clear();
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
    this.#dialer.stopWatching();
    if (this.#report !== null && this.#report.bootId !== welcome.bootId) this.#report = null;
    const after = this.#feed.durable();
    // A journal that lost its end goes on behind what is recorded and says the rest again: that is the runner's part.
    if (welcome.lastSeq < after) {
      this.#warn("the journal ends before what is recorded", { lastSeq: welcome.lastSeq, after });
    }
    this.#feed.restartFrom(after);
    this.#talk?.send({ kind: "resume", after });
    if (!this.#forerunner.arrived()) this.#tell(() => runners.listener.onConnected(project, true));
  }

  /** The runner's first word in its place: its processes run, and it is there as soon as anything is asked of it. */
  #heardOf(begun: Begun): void {
    const { project, runners } = this.#options;
    const { boot, ...state } = begun;
    const report: RunnerReport = {
      ...state,
      project,
      bootId: boot,
      epoch: this.#options.epoch(),
      heardAt: runners.now(),
      sample: null,
      workspace: "ready",
      workspaceDetail: null,
      missingSecrets: [],
      taskRuns: [],
      journalSeq: null,
    };
    this.#report = report;
    this.#tell(() => runners.listener.onReport(report));
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
    if (!this.#closed) this.#warn("the runner's connection ended", { why: ending.why });
    const badly = ending.kind === "lost" ? "lost" : "refused";
    this.#dialer.again(good ? "well" : badly);
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
