/** One connected socket to a runner: greeting, frames both ways, pings; it ends once, with a reason. */
import type { Socket } from "node:net";
import { encodeFrame, runnerFrameReader } from "../protocol/codec.ts";
import {
  SPOKEN_VERSIONS,
  type DaemonFrame,
  type ExecTicket,
  type RunnerFrame,
} from "../protocol/frame.ts";
import type { Deadlines } from "./deadlines.ts";
import { busy, unreachable } from "./faults.ts";
import { createRequests, type Requests } from "./requests.ts";
import { everyTurn } from "./turns.ts";

export type Welcome = Extract<RunnerFrame, { kind: "welcome" }>;
export type Status = Extract<RunnerFrame, { kind: "status" }>;
export type ProgressFrame = Extract<RunnerFrame, { kind: "progress" }>;
export type EventFrame = Extract<RunnerFrame, { kind: "event" }>;

/** `fenced`: the runner obeys a newer daemon. `incompatible`: trying again soon is of no use. */
export type Ending =
  | Readonly<{ why: string; kind: "lost" | "incompatible" }>
  | Readonly<{ kind: "fenced"; why: string; epoch: number }>;

const GREETING_TIMEOUT_MS = 5_000;
/** A little more than the 10 s between a resting runner's reports, so that one that reports is never asked. */
const PING_EVERY_MS = 11_000;
const PING_TIMEOUT_MS = 5_000;
/** Lines that are no frame, in one conversation: a newer runner's unknown kinds pass, a stream gone mad does not. */
const MAX_GARBAGE = 16;
/** What one conversation may have written and not yet sent. */
const MAX_UNSENT_BYTES = 8_388_608;
/** Above this requests wait their turn: many tasks with large payloads may be handed over at once. */
const WAIT_ABOVE_BYTES = 2_097_152;
/** Requests that wait so. */
const MAX_WAITING = 1_024;

export interface ConversationOptions {
  readonly project: string;
  readonly install: string;
  readonly deadlines: Deadlines;
  epoch(): number;
  frozen(): boolean;
  onWelcome(welcome: Welcome): void;
  onEvent(frame: EventFrame): void;
  onStatus(status: Status): void;
  onProgress(progress: ProgressFrame): void;
  /** Called once. */
  onEnd(ending: Ending): void;
}

export interface Conversation {
  send(frame: DaemonFrame): void;
  ask(
    what: string,
    timeoutMs: number,
    frame: (id: number) => DaemonFrame,
  ): Promise<ExecTicket | null>;
  /** Stops and resumes reading: the runner keeps what is not read. */
  hold(full: boolean): void;
  end(why: string): void;
}

/** Says hello on a fresh socket. Until the welcome nothing else is sent. */
export function converse(socket: Socket, options: ConversationOptions): Conversation {
  return new SocketConversation(socket, options);
}

/** INVARIANTS: ends once; after that nothing is sent, nothing received is passed on, no timer of it is left. */
class SocketConversation implements Conversation {
  readonly #socket: Socket;
  readonly #options: ConversationOptions;
  readonly #requests: Requests;
  readonly #reader = runnerFrameReader();
  readonly #cancelGreeting: () => void;
  #stopPings: () => void = () => undefined;
  #welcomed = false;
  #ended = false;
  #held = false;
  #gathering = false;
  /** Anything received since the last look for life. */
  #heard = false;
  #garbage = 0;
  /** Requests not yet sent, in order. */
  #waiting: (() => void)[] = [];

  constructor(socket: Socket, options: ConversationOptions) {
    const { project, install, deadlines } = options;
    this.#socket = socket;
    this.#options = options;
    this.#requests = createRequests(project, deadlines);
    this.#cancelGreeting = deadlines.start(GREETING_TIMEOUT_MS, () =>
      this.end("it did not say welcome"),
    );
    socket.on("data", (bytes: Buffer) => this.#read(bytes));
    socket.on("error", (thrown) => this.end(thrown.message));
    socket.on("close", () => this.end("it closed the connection"));
    socket.on("drain", () => this.#sendWaiting());
    this.send({
      kind: "hello",
      versions: SPOKEN_VERSIONS,
      epoch: options.epoch(),
      install,
      project,
    });
  }

  send(frame: DaemonFrame): void {
    const bytes = encodeFrame(frame);
    if (this.#ended) return;
    if (this.#socket.writableLength > MAX_UNSENT_BYTES) this.end("it does not read what we send");
    else {
      this.#gather();
      this.#socket.write(bytes);
    }
  }

  ask(
    what: string,
    timeoutMs: number,
    frame: (id: number) => DaemonFrame,
  ): Promise<ExecTicket | null> {
    if (this.#ended || !this.#welcomed) {
      return Promise.reject(unreachable(this.#options.project, "it is not connected"));
    }
    const send = (): Promise<ExecTicket | null> => this.#askNow(what, timeoutMs, frame);
    if (this.#waiting.length === 0 && this.#socket.writableLength <= WAIT_ABOVE_BYTES)
      return send();
    if (this.#waiting.length >= MAX_WAITING) return Promise.reject(busy(this.#options.project));
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => void send().then(resolve, reject));
    });
  }

  hold(full: boolean): void {
    this.#held = full;
    if (full) this.#socket.pause();
    else this.#socket.resume();
  }

  end(why: string): void {
    this.#end({ kind: "lost", why });
  }

  #askNow(
    what: string,
    timeoutMs: number,
    frame: (id: number) => DaemonFrame,
  ): Promise<ExecTicket | null> {
    if (this.#ended) {
      return Promise.reject(unreachable(this.#options.project, "the connection ended"));
    }
    return this.#requests.ask(what, timeoutMs, (id) => this.send(frame(id)));
  }

  /** One overtaking another could cancel a task before it is handed over. */
  #sendWaiting(): void {
    while (this.#ended || this.#socket.writableLength <= WAIT_ABOVE_BYTES) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      next();
    }
  }

  /** What is sent in one turn of the loop goes out together: each write wakes the runner, and costs more than its frame. */
  #gather(): void {
    if (this.#gathering) return;
    this.#gathering = true;
    this.#socket.cork();
    setImmediate(() => {
      this.#gathering = false;
      this.#socket.uncork();
    });
  }

  #end(ending: Ending): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stopPings();
    this.#cancelGreeting();
    this.#requests.rejectAll(unreachable(this.#options.project, ending.why));
    this.#sendWaiting();
    this.#socket.destroy();
    this.#options.onEnd(ending);
  }

  #read(bytes: Buffer): void {
    this.#heard = true;
    const received = this.#reader.push(bytes);
    this.#garbage += received.garbage;
    for (const frame of received.frames) if (!this.#ended) this.#receive(frame);
    if (this.#garbage > MAX_GARBAGE) this.end("it sends what are no frames");
  }

  #receive(frame: RunnerFrame): void {
    if (frame.kind === "refused") this.#end(refusedEnding(frame, this.#options.epoch()));
    else if (frame.kind === "welcome") this.#welcome(frame);
    else if (!this.#welcomed) this.end(`it sent ${frame.kind} before welcome`);
    else if (frame.kind === "reply") this.#requests.answer(frame);
    else if (frame.kind === "event") this.#options.onEvent(frame);
    else if (frame.kind === "progress") this.#options.onProgress(frame);
    else this.#options.onStatus(frame);
  }

  #welcome(frame: Welcome): void {
    const refusal = welcomeRefusal(frame, this.#options.epoch());
    if (refusal !== null) {
      this.#end(refusal);
    } else if (this.#welcomed) {
      this.end("it said welcome twice");
    } else {
      this.#welcomed = true;
      this.#cancelGreeting();
      this.#stopPings = everyTurn(PING_EVERY_MS, () => this.#ping());
      this.#options.onWelcome(frame);
    }
  }

  /** Only one that said nothing: a hundred idle runners report themselves anyway. Not while we do not read: the answer could not arrive. */
  #ping(): void {
    const heard = this.#heard;
    this.#heard = false;
    if (heard || this.#held || this.#options.frozen()) return;
    this.#askNow("a ping", PING_TIMEOUT_MS, (id) => ({ kind: "ping", id })).catch(
      (thrown: unknown) => {
        this.end(thrown instanceof Error ? thrown.message : "it did not answer a ping");
      },
    );
  }
}

function welcomeRefusal(frame: Welcome, epoch: number): Ending | null {
  if (!SPOKEN_VERSIONS.includes(frame.version)) {
    return {
      kind: "incompatible",
      why: `it speaks version ${frame.version}, we speak ${SPOKEN_VERSIONS.join(", ")}`,
    };
  }
  return frame.epoch > epoch
    ? { kind: "fenced", why: `it obeys epoch ${frame.epoch}`, epoch: frame.epoch }
    : null;
}

function refusedEnding(frame: Extract<RunnerFrame, { kind: "refused" }>, epoch: number): Ending {
  const why = `it refused us: ${frame.code} ${frame.detail}`;
  return frame.epoch > epoch
    ? { kind: "fenced", why, epoch: frame.epoch }
    : { kind: "incompatible", why };
}
