/** Endless answers: items become text as fast as the reader reads, within a bounded buffer, until either side goes. */
import { asBerthError, BerthError } from "../base/errors.ts";
import type { Problem } from "../schema/api-problem.ts";
import type { Bounds } from "./bounds.ts";
import type { Caller } from "./access.ts";
import type { Connection } from "./connections.ts";
import { problemOf } from "./problem.ts";
import type { TokenWatch } from "./token-watch.ts";

/** How items look on the wire. */
export interface Wire<T> {
  readonly media: string;
  readonly opening: string;
  readonly heartbeat: string;
  /** Its reader comes back and goes on where it was. */
  readonly resumable: boolean;
  item(item: T): string;
  problem(problem: Problem): string;
}

/** Server-sent events; `idOf` gives what `Last-Event-ID` returns with. */
export function sse<T extends object>(idOf: (item: T) => string): Wire<T> {
  const known = new WeakMap<T, string>();
  const textOf = (item: T): string => {
    const text = known.get(item) ?? `id: ${idOf(item)}\ndata: ${JSON.stringify(item)}\n\n`;
    known.set(item, text);
    return text;
  };
  return {
    media: "text/event-stream",
    opening: "retry: 2000\n\n",
    heartbeat: ": alive\n\n",
    resumable: true,
    item: textOf,
    problem: (problem) => `event: problem\ndata: ${JSON.stringify(problem)}\n\n`,
  };
}

/** One JSON value a line; an empty line is a heartbeat, a line with the one key `problem` ends the stream. */
export function ndjson<T>(): Wire<T> {
  return {
    media: "application/x-ndjson",
    opening: "\n",
    heartbeat: "\n",
    resumable: false,
    item: (item) => `${JSON.stringify(item)}\n`,
    problem: (problem) => `${JSON.stringify({ problem })}\n`,
  };
}

/** How much longer than a resumable stream's a reader may pause. */
const PATIENCE = 10;

/** Who reads a stream: part of every route's call. */
export interface Reader {
  readonly caller: Caller;
  readonly connection: Connection;
  /** Aborted when the client left. */
  readonly signal: AbortSignal;
}

interface Open {
  readonly spool: TextSpool;
  readonly stallMs: number;
  /** Ends it without waiting for its reader. */
  cut(): void;
}

/** How often readers are looked at that may have stopped reading. */
const LOOK_MS = 1_000;

/** Counts the readers of all streams, cuts those that stopped reading or lost their token, and ends them together. */
export class Readers {
  readonly #bounds: Bounds;
  readonly #watch: TokenWatch;
  readonly #open = new Map<AbortController, Open>();
  #timer: NodeJS.Timeout | null = null;

  constructor(bounds: Bounds, watch: TokenWatch) {
    this.#bounds = bounds;
    this.#watch = watch;
  }

  get count(): number {
    return this.#open.size;
  }

  endAll(): void {
    for (const reader of this.#open.keys()) reader.abort();
  }

  /** A streaming response; `source` is asked once and ends when its signal aborts. */
  respond<T>(
    wire: Wire<T>,
    { caller, connection, signal: gone }: Reader,
    source: (signal: AbortSignal) => AsyncIterable<T>,
  ): Response {
    if (this.#open.size >= this.#bounds.streamReaders)
      throw new BerthError("capacity", {
        code: "api.streams-full",
        detail: `${this.#bounds.streamReaders} streams are being read already`,
        hint: "close one: every `logs -f`, `events -f` and `apply --wait` reads one",
      });
    const end = new AbortController();
    const reader = new AbortController();
    const spool = new TextSpool(this.#bounds.streamBufferBytes, end.signal);
    const cut = (): void => {
      end.abort();
      connection.cut();
    };
    const stallMs = this.#bounds.stallMs * (wire.resumable ? 1 : PATIENCE);
    this.#open.set(end, { spool, stallMs, cut });
    if (this.#timer === null) this.#timer = this.#next();
    const unwatch = this.#watch.add(caller.token, cut);
    connection.becomesStream();
    gone.addEventListener("abort", () => end.abort(), { once: true });
    if (gone.aborted) end.abort();
    end.signal.addEventListener("abort", () => reader.abort(), { once: true });
    spool.add(wire.opening);
    const finish = (): void => {
      this.#open.delete(end);
      unwatch();
      spool.finish();
    };
    end.signal.addEventListener("abort", finish, { once: true });
    void fill({ wire, spool, items: () => source(reader.signal), signal: end.signal }).then(finish);
    return new Response(this.#body(wire.heartbeat, spool, end), {
      headers: {
        "content-type": wire.media,
        "cache-control": "no-store",
        "x-accel-buffering": "no",
        "x-content-type-options": "nosniff",
        connection: "close",
      },
    });
  }

  #next(): NodeJS.Timeout {
    return setTimeout(
      () => {
        const now = performance.now();
        for (const open of this.#open.values())
          if (open.spool.untakenMs(now) > open.stallMs) open.cut();
        this.#timer = this.#open.size === 0 ? null : this.#next();
      },
      Math.min(LOOK_MS, this.#bounds.stallMs),
    ).unref();
  }

  #body(heartbeat: string, spool: TextSpool, end: AbortController): ReadableStream<Uint8Array> {
    const bytes = new TextEncoder();
    const heartbeatMs = this.#bounds.heartbeatMs;
    return new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const text = await spool.take(heartbeatMs);
          if (text === null) controller.close();
          else controller.enqueue(bytes.encode(text === "" ? heartbeat : text));
        },
        cancel: () => end.abort(),
      },
      { highWaterMark: 0 },
    );
  }
}

interface Filling<T> {
  readonly wire: Wire<T>;
  readonly spool: TextSpool;
  readonly items: () => AsyncIterable<T>;
  readonly signal: AbortSignal;
}

async function fill<T>({ wire, spool, items, signal }: Filling<T>): Promise<void> {
  try {
    for await (const item of items()) {
      if (signal.aborted) return;
      await spool.room();
      spool.add(wire.item(item));
    }
  } catch (thrown) {
    if (!signal.aborted) spool.add(wire.problem(problemOf(asBerthError(thrown))));
  }
}

/** Text between one writer, who waits for room, and one reader, who waits for text. */
class TextSpool {
  readonly #limit: number;
  readonly #signal: AbortSignal;
  #text = "";
  #finished = false;
  /** Since when text waits that nobody takes. */
  #waitsSince = 0;
  #wake: () => void = () => undefined;
  #drained: () => void = () => undefined;

  constructor(limit: number, signal: AbortSignal) {
    this.#limit = limit;
    this.#signal = signal;
  }

  add(text: string): void {
    if (this.#text === "") this.#waitsSince = performance.now();
    this.#text += text;
    this.#wake();
  }

  /** For how long text has waited for its reader; 0 when none does. */
  untakenMs(now: number): number {
    return this.#text === "" ? 0 : now - this.#waitsSince;
  }

  finish(): void {
    this.#finished = true;
    this.#wake();
    this.#drained();
  }

  async room(): Promise<void> {
    while (this.#text.length >= this.#limit && !this.#signal.aborted)
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
  }

  /** All that is there; "" after `idleMs` of nothing; null at the end. */
  async take(idleMs: number): Promise<string | null> {
    if (this.#text === "" && !this.#finished) await this.#arrival(idleMs);
    if (this.#text === "") return this.#finished ? null : "";
    const text = this.#text;
    this.#text = "";
    this.#drained();
    return text;
  }

  #arrival(idleMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, idleMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
