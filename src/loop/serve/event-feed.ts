/** Events as they happen, read once for all who follow them; who is behind, or slow, reads the records until it has caught up. */
import type { EventRecord } from "../../model/event.ts";
import type { PostgresDoor } from "../../postgres/door.ts";

const BATCH = 500;
/** Newest events kept for whoever is not quite at the end. */
const KEPT = 2_000;
/** Wake-ups are in-process; the poll only covers events written by a predecessor that is still ending. */
const POLL_MS = 5_000;

interface Sources {
  readonly postgres: Pick<PostgresDoor, "events">;
  /** Resolves when events were written after the call. */
  readonly written: () => Promise<void>;
}

/** What the feed knows between its first follower and its last one. */
interface Tail {
  /** All events with ids above `from`, in order. */
  from: number;
  readonly events: EventRecord[];
  /** Resolved and replaced with each reading. */
  grown: PromiseWithResolvers<void>;
  failure: unknown;
  readonly ended: AbortController;
}

export class EventFeed {
  readonly #sources: Sources;
  #followers = 0;
  #tail: Promise<Tail> | null = null;

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  /** Events after `after` (null: from now on), in order, until the signal aborts. Reads nothing ahead of its consumer. */
  async *follow(
    query: Readonly<{ after: number | null; project: string | null }>,
    signal: AbortSignal,
  ): AsyncIterable<EventRecord> {
    this.#followers += 1;
    try {
      const tail = await this.#begun();
      let after = query.after ?? newestOf(tail);
      while (!signal.aborted) {
        if (tail.failure !== null) throw tail.failure;
        const grown = tail.grown.promise;
        const { from } = tail;
        const behind = after < from;
        const found = behind
          ? await this.#recorded(after, query.project)
          : keptAfter(tail.events, after);
        yield* found.filter(({ project }) => query.project === null || project === query.project);
        after = found.at(-1)?.id ?? after;
        // the records held everything up to `from` when they were asked
        if (behind && found.length < BATCH) after = Math.max(after, from);
        if (!behind && found.length === 0) await untilNews(grown, signal);
      }
    } finally {
      this.#followers -= 1;
      if (this.#followers === 0) void this.#end();
    }
  }

  #recorded(after: number, project: string | null): Promise<readonly EventRecord[]> {
    const asked = { after, project, kinds: [], limit: BATCH, newestFirst: false };
    return this.#sources.postgres.events(asked);
  }

  async #begun(): Promise<Tail> {
    const begun = (this.#tail ??= this.#begin());
    try {
      return await begun;
    } catch (error) {
      if (this.#tail === begun) this.#tail = null;
      throw error;
    }
  }

  async #begin(): Promise<Tail> {
    const asked = { after: null, project: null, kinds: [], limit: 1, newestFirst: true };
    const [newest] = await this.#sources.postgres.events(asked);
    const tail: Tail = {
      from: newest?.id ?? 0,
      events: [],
      grown: Promise.withResolvers(),
      failure: null,
      ended: new AbortController(),
    };
    void this.#read(tail);
    return tail;
  }

  async #end(): Promise<void> {
    const tail = await (this.#tail ?? Promise.resolve(null)).catch(() => null);
    if (this.#followers > 0 || tail === null) return;
    this.#tail = null;
    tail.ended.abort();
  }

  /** Reads what is new until the last follower left, or once it fails: then they are all told, and the next begins anew. */
  async #read(tail: Tail): Promise<void> {
    try {
      while (!tail.ended.signal.aborted) {
        const written = this.#sources.written();
        const found = await this.#recorded(newestOf(tail), null);
        if (found.length > 0) grow(tail, found);
        if (found.length < BATCH) await untilNews(written, tail.ended.signal, POLL_MS);
      }
    } catch (error) {
      tail.failure = error;
      this.#tail = null;
      tail.grown.resolve();
    }
  }
}

function newestOf({ events, from }: Tail): number {
  return events.at(-1)?.id ?? from;
}

function grow(tail: Tail, found: readonly EventRecord[]): void {
  tail.events.push(...found);
  const dropped = tail.events.splice(0, Math.max(0, tail.events.length - KEPT));
  tail.from = dropped.at(-1)?.id ?? tail.from;
  const { grown } = tail;
  tail.grown = Promise.withResolvers();
  grown.resolve();
}

/** Most followers are at the end or one behind it, so it is looked for from there. */
function keptAfter(events: readonly EventRecord[], after: number): readonly EventRecord[] {
  let at = events.length;
  while (at > 0 && (events[at - 1]?.id ?? 0) > after) at -= 1;
  return events.slice(at);
}

/** Waits for `news`, an abort or `pollMs`, whichever is first. Plain timers: aborting a promised one makes an error each time. */
function untilNews(news: Promise<void>, signal: AbortSignal, pollMs?: number): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const over = (): void => {
      clearTimeout(poll);
      signal.removeEventListener("abort", over);
      resolve();
    };
    const poll = pollMs === undefined ? undefined : setTimeout(over, pollMs).unref();
    signal.addEventListener("abort", over, { once: true });
    void news.then(over);
  });
}
