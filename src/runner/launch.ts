/** Starts commands as agents, through the launcher at descriptor 3: forking this process would cost 50 times as much. */
import { Socket } from "node:net";
import { constants } from "node:os";
import { getSystemErrorMessage } from "node:util";
import type { AgentCommand } from "../protocol/entry.ts";
import { condemn } from "./condemn.ts";
import { openForReading } from "./fifo.ts";
import { AnswerReader, encodeFifos, encodeStart, encodeTake } from "../protocol/launch-frame.ts";
import type { Answer, StreamName, Streams } from "../protocol/launch-frame.ts";
import { FIRST_MARKER } from "./proc.ts";

export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
  /** It is certain that nothing of its tree is alive. */
  readonly alone: boolean;
}

/** Takes the reading end of a stream in which there is something; for one that is never called nothing was written. */
export type StreamTaker = (stream: StreamName, readFd: number) => void;

export type LaunchVerdict =
  | Readonly<{ ok: true; pid: number; exited: Promise<Exit> }>
  | Readonly<{ ok: false; reason: string }>;

/** Where the launcher left our end of its line. */
const LINE_FD = 3;
/** It answers in microseconds, and after 0.9 s when an exec hangs; so late it is stuck, and no agent could ever start or end. */
const ANSWER_DEADLINE_MS = 60_000;
const LOOK_MS = 5_000;
/** Between tries to open what an agent writes to, when descriptors have run out; it waits meanwhile. */
const OPEN_AGAIN_MS = 100;
/** Then what an ended command printed and nobody can open is given up. */
const TRIES_AFTER_END = 10;
/** What a start was refused at, by the launcher's number for it; any other is the fork. */
const REFUSED_AT: Readonly<Record<number, (command: AgentCommand) => string>> = {
  2: () => "its output",
  3: ({ uid }) => `uid ${uid}`,
  4: ({ cwd }) => cwd,
  5: () => "its input",
  6: ({ argv }) => argv[0] ?? "the command",
};

let lastMarker = FIRST_MARKER;

/** A marker no other command of this boot has had. */
export function nextMarker(): number {
  lastMarker += 1;
  return lastMarker;
}

interface Asked {
  readonly answer: (answer: Answer) => void;
  readonly askedAt: number;
}

interface Running {
  readonly ended: (exit: Exit) => void;
  readonly spoke: StreamTaker;
  /** Streams that have something in them and could not be opened yet; its end waits for them. */
  readonly unopened: Set<StreamName>;
  /** Streams the launcher lent to us once. */
  readonly lent: Set<StreamName>;
  /** Tries to open since its end. */
  triesLeft: number;
  exit: Exit | null;
}

interface Following {
  readonly id: number;
  readonly frame: Buffer | null;
  readonly command: AgentCommand;
  readonly spoke: StreamTaker;
}

/** What it needs of the clock: lived time, so that a frozen container's launcher is not late. */
type Lived = Readonly<{ lived(): number }>;

/**
 * INVARIANTS: each start is answered by `refused`, or by `runs` (its exec is done, or hangs) and later by one `ended`.
 * Without the launcher nothing is known of any agent's end, so the container ends with it.
 */
export class Launcher {
  readonly #line: Socket;
  readonly #clock: Lived;
  readonly #asked = new Map<number, Asked>();
  readonly #running = new Map<number, Running>();
  #lastId = 0;
  #gathering = false;

  constructor(clock: Lived, line: Socket = new Socket({ fd: LINE_FD })) {
    this.#clock = clock;
    this.#line = line;
    const reader = new AnswerReader();
    line.on("data", (chunk: Buffer) => {
      for (const answer of reader.push(chunk)) this.#take(answer);
    });
    line.on("error", (error) => condemn(`the launcher's line: ${error.message}`));
    line.on("close", () => condemn("the launcher has ended"));
    setInterval(() => this.#look(), LOOK_MS).unref();
  }

  /** Forks and execs; resolves when the command runs, or with the reason why it cannot. `spoke` is called before `exited` resolves. */
  async start(command: AgentCommand, streams: Streams, spoke: StreamTaker): Promise<LaunchVerdict> {
    const id = this.#nextId();
    const frame = encodeStart(id, command, streams);
    if (frame === null) return { ok: false, reason: "the command is too long, or holds a NUL" };
    return this.#follow({ id, frame, command, spoke });
  }

  /** A start that the launcher was asked for before this program was there; its answers still lie on the line. */
  adopt(id: number, command: AgentCommand, spoke: StreamTaker): Promise<LaunchVerdict> {
    return this.#follow({ id, frame: null, command, spoke });
  }

  async #follow({ id, frame, command, spoke }: Following): Promise<LaunchVerdict> {
    const ended = Promise.withResolvers<Exit>();
    this.#running.set(id, {
      ended: ended.resolve,
      spoke,
      unopened: new Set(),
      lent: new Set(),
      triesLeft: TRIES_AFTER_END,
      exit: null,
    });
    const answer = await this.#ask(id, frame);
    if (answer.kind === "runs") return { ok: true, pid: answer.pid, exited: ended.promise };
    this.#running.delete(id);
    return { ok: false, reason: describeRefusal(answer, command) };
  }

  /** Makes FIFOs for root alone: Node has no call for it. */
  async makeFifos(paths: readonly string[]): Promise<void> {
    const id = this.#nextId();
    const frame = encodeFifos(id, paths);
    const answer = frame === null ? null : await this.#ask(id, frame);
    if (answer?.kind === "made" && answer.errno === 0) return;
    const why = answer?.kind === "made" ? explain(answer.errno) : "too many at once";
    throw new Error(`cannot make FIFOs: ${why}`);
  }

  #nextId(): number {
    this.#lastId = (this.#lastId % 0xffff_ffff) + 1;
    return this.#lastId;
  }

  /** Null: it was asked for already. */
  #ask(id: number, frame: Buffer | null): Promise<Answer> {
    return new Promise((resolve) => {
      this.#asked.set(id, { answer: resolve, askedAt: this.#clock.lived() });
      if (frame !== null) this.#send(frame);
    });
  }

  /** What is asked for in one turn of the loop goes out together. */
  #send(frame: Buffer): void {
    if (!this.#gathering) {
      this.#gathering = true;
      this.#line.cork();
      process.nextTick(() => {
        this.#gathering = false;
        this.#line.uncork();
      });
    }
    this.#line.write(frame);
  }

  #take(answer: Answer): void {
    if (answer.kind === "ended") {
      const running = this.#running.get(answer.id);
      if (running !== undefined) running.exit = exitOf(answer.status, answer.alone);
      this.#tellEnd(answer.id);
      return;
    }
    if (answer.kind === "spoke") {
      const running = this.#running.get(answer.id);
      if (running !== undefined) this.#open(answer, running);
      return;
    }
    this.#asked.get(answer.id)?.answer(answer);
    this.#asked.delete(answer.id);
  }

  #tellEnd(id: number): void {
    const running = this.#running.get(id);
    if (running === undefined || running.exit === null || running.unopened.size > 0) return;
    running.ended(running.exit);
    this.#running.delete(id);
  }

  #open(answer: Extract<Answer, { kind: "spoke" }>, running: Running): void {
    const { id, stream, path } = answer;
    try {
      running.spoke(stream, openForReading(path));
    } catch (thrown) {
      if (this.#tryAgain(answer, running, isRefusal(thrown))) return;
    }
    this.#send(encodeTake(id, stream, "opened"));
    running.unopened.delete(stream);
    this.#tellEnd(id);
  }

  /** An agent may have taken our right to read its output: then the launcher lends it to us. What is refused even so would spin. */
  #tryAgain(
    answer: Extract<Answer, { kind: "spoke" }>,
    running: Running,
    refused: boolean,
  ): boolean {
    const { id, stream } = answer;
    if (running.exit !== null && (running.triesLeft -= 1) < 0) return false;
    running.unopened.add(stream);
    if (refused && !running.lent.has(stream)) {
      running.lent.add(stream);
      this.#send(encodeTake(id, stream, "refused"));
    } else setTimeout(() => this.#open(answer, running), OPEN_AGAIN_MS);
    return true;
  }

  #look(): void {
    const [oldest] = this.#asked.values();
    if (oldest !== undefined && this.#clock.lived() - oldest.askedAt > ANSWER_DEADLINE_MS) {
      condemn(`the launcher has not answered for ${ANSWER_DEADLINE_MS} ms`);
    }
  }
}

/** Code or signal of a wait status, as wait(2) packs them. */
export function exitOf(status: number, alone: boolean): Exit {
  const signal = status & 0x7f;
  if (signal === 0) return { code: (status >> 8) & 0xff, signal: null, alone };
  return { code: null, signal: signalName(signal), alone };
}

function isRefusal(thrown: unknown): boolean {
  return thrown instanceof Error && "code" in thrown && thrown.code === "EACCES";
}

/** Real-time signals have no name. */
function signalName(number: number): string {
  const found = Object.entries(constants.signals).find(([, value]) => value === number);
  return found?.[0] ?? `SIG${number}`;
}

/** In words: what could not be done, to what, and why. */
export function describeRefusal(
  answer: Exclude<Answer, { kind: "runs" }>,
  command: AgentCommand,
): string {
  if (answer.kind !== "refused") return "the launcher answered something else";
  const what = REFUSED_AT[answer.stage]?.(command) ?? "the container cannot start a process";
  return `${what}: ${explain(answer.errno)}`;
}

/** As the C library says it. */
function explain(errno: number): string {
  const text = getSystemErrorMessage(-errno);
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
