/** The live stream: the board's changes and the events as they happen, in one, for one reader. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Daemon } from "../loop/daemon.ts";
import type { EventRecord } from "../model/event.ts";
import type { LiveItem } from "../schema/api-live.ts";
import { type Caller, readyFor } from "./access.ts";
import type { Bounds } from "./bounds.ts";
import type { LiveBoard } from "./live-board.ts";
import type { Wire } from "./stream.ts";

/** How late a change of usage may be shown; an event is shown at once and brings the state with it. */
const TURN_MS = 1_000;
/** Events read ahead of a reader. */
const AHEAD_MAX = 256;

export interface LiveSources {
  readonly daemon: Pick<Daemon, "follow">;
  readonly board: LiveBoard;
  readonly bounds: Pick<Bounds, "eventsAgainMs">;
}

export interface LiveQuestion {
  readonly project: string | null;
  readonly after: number | null;
  /** Of a project's token nothing is shown beyond its project. */
  readonly caller: Caller;
}

/** As server-sent events; only an event has an id, so that a reader resumes after the last one it saw. */
export const LIVE_WIRE: Wire<LiveItem> = {
  media: "text/event-stream",
  opening: "retry: 2000\n\n",
  heartbeat: ": alive\n\n",
  resumable: true,
  item: (item) =>
    `${item.kind === "event" ? `id: ${item.event.id}\n` : ""}data: ${JSON.stringify(item)}\n\n`,
  problem: (problem) => `event: problem\ndata: ${JSON.stringify(problem)}\n\n`,
};

/** Everything at first, then changes, until the signal aborts. Events that cannot be read are caught up with later. */
export async function* live(
  { daemon, board, bounds }: LiveSources,
  question: LiveQuestion,
  signal: AbortSignal,
): AsyncGenerator<LiveItem> {
  const events = new Ahead(signal);
  const feeding = feed({ daemon, bounds }, events, { question, signal });
  const seen = new Map<string, number>();
  const { by, scope, project } = question.caller;
  yield { kind: "caller", caller: { who: by.who, scope, project } };
  try {
    for (let first = true; !signal.aborted; first = false) {
      await board.look();
      for (const item of board.changes(seen, question.project)) yield* shown(item, question);
      if (first) yield { kind: "settled" };
      for (const event of events.take()) yield { kind: "event", event };
      await events.some(TURN_MS);
    }
  } finally {
    events.close();
    await feeding;
  }
}

/** The host's numbers and other projects' workers are not for a project's token. */
function* shown(item: LiveItem, { caller }: LiveQuestion): Generator<LiveItem> {
  const { project } = caller;
  if (project === null) yield item;
  else if (item.kind === "queue") {
    const workers = item.queue.workers.filter((row) => row.project === project);
    const waiting = workers.reduce((sum, row) => sum + row.waiting, 0);
    yield { ...item, queue: { ...item.queue, workers, waiting } };
  } else if (item.kind === "ready") yield { ...item, ready: readyFor(caller, item.ready) };
  else if (item.kind !== "host") yield item;
}

interface Feeding {
  readonly question: LiveQuestion;
  readonly signal: AbortSignal;
}

async function feed(
  { daemon, bounds }: Omit<LiveSources, "board">,
  events: Ahead,
  { question, signal }: Feeding,
): Promise<void> {
  let { after } = question;
  while (!signal.aborted && !events.closed) {
    try {
      for await (const event of daemon.follow(
        { after, project: question.project },
        events.signal,
      )) {
        after = event.id;
        await events.add(event);
      }
      if (events.closed) return;
    } catch {
      // Postgres is away, which the board says; nothing is lost, because reading goes on after the last event shown
    }
    await sleep(bounds.eventsAgainMs, undefined, { signal: events.signal }).catch(() => undefined);
  }
}

/** Events between the one who follows them and the one who sends them on. */
class Ahead {
  readonly #closing = new AbortController();
  readonly signal: AbortSignal;
  #events: EventRecord[] = [];
  #wake: () => void = () => undefined;
  #drained: () => void = () => undefined;

  constructor(signal: AbortSignal) {
    this.signal = AbortSignal.any([signal, this.#closing.signal]);
    this.signal.addEventListener("abort", () => {
      this.#wake();
      this.#drained();
    });
  }

  get closed(): boolean {
    return this.signal.aborted;
  }

  close(): void {
    this.#closing.abort();
  }

  async add(event: EventRecord): Promise<void> {
    this.#events.push(event);
    this.#wake();
    if (this.#events.length >= AHEAD_MAX && !this.closed)
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
  }

  take(): readonly EventRecord[] {
    const events = this.#events;
    this.#events = [];
    this.#drained();
    return events;
  }

  /** Waits for an event, at most `ms`. */
  async some(ms: number): Promise<void> {
    if (this.#events.length > 0 || this.closed) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
