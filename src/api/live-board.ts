/** What the live stream shows, looked at once for all of its readers; each reader takes what it has not seen yet. */
import { BerthError } from "../base/errors.ts";
import type { Daemon } from "../loop/daemon.ts";
import type { LiveItem } from "../schema/api-live.ts";

type Source = Pick<Daemon, "ready" | "host" | "projects" | "queue">;

interface Entry {
  readonly item: LiveItem;
  /** What decides whether it changed. */
  readonly text: string;
  /** Rises with every change. */
  readonly version: number;
}

/** Nobody is shown anything older than this without a new look. */
const FRESH_MS = 250;

export class LiveBoard {
  readonly #daemon: Source;
  readonly #now: () => number;
  #entries: ReadonlyMap<string, Entry> = new Map();
  #lookedAt = -Infinity;
  #looking: Promise<void> | null = null;
  #version = 0;

  constructor(daemon: Source, now: () => number) {
    this.#daemon = daemon;
    this.#now = now;
  }

  /** Looks again unless somebody just did. While the daemon cannot tell (it does not lead) the last state stays. */
  async look(): Promise<void> {
    if (this.#now() - this.#lookedAt < FRESH_MS && this.#now() >= this.#lookedAt) return;
    this.#looking ??= this.#lookNow().finally(() => {
      this.#looking = null;
    });
    await this.#looking;
  }

  /** What changed since this reader's last call; `seen` is the reader's own memory and is brought up to date. */
  *changes(seen: Map<string, number>, project: string | null): Generator<LiveItem> {
    for (const [key, { item, version }] of this.#entries) {
      if (seen.get(key) === version || !concerns(item, project)) continue;
      seen.set(key, version);
      yield item;
    }
    for (const key of seen.keys()) {
      if (this.#entries.has(key)) continue;
      seen.delete(key);
      yield { kind: "gone", name: key.slice(PROJECT.length) };
    }
  }

  async #lookNow(): Promise<void> {
    const items = await this.#items();
    const entries = new Map(items.map((item) => [keyOf(item), this.#entryOf(item)]));
    const known = items.some(({ kind }) => kind === "host");
    // without a leader nothing is known of projects: what was known is not taken back
    this.#entries = known ? entries : new Map([...this.#entries, ...entries]);
    this.#lookedAt = this.#now();
  }

  async #items(): Promise<readonly LiveItem[]> {
    const ready: LiveItem = { kind: "ready", ready: this.#daemon.ready() };
    try {
      const host: LiveItem = { kind: "host", host: this.#daemon.host() };
      const queue: LiveItem = { kind: "queue", queue: await this.#daemon.queue(null, 0) };
      const projects = this.#daemon
        .projects()
        .map((project): LiveItem => ({ kind: "project", project }));
      return [ready, host, queue, ...projects];
    } catch (thrown) {
      if (thrown instanceof BerthError && thrown.kind !== "defect") return [ready];
      throw thrown;
    }
  }

  #entryOf(item: LiveItem): Entry {
    const text = textOf(item);
    const before = this.#entries.get(keyOf(item));
    if (before?.text === text) return before;
    this.#version += 1;
    return { item, text, version: this.#version };
  }
}

const PROJECT = "project:";

function keyOf(item: LiveItem): string {
  return item.kind === "project" ? PROJECT + item.project.name : item.kind;
}

function concerns(item: LiveItem, project: string | null): boolean {
  return project === null || item.kind !== "project" || item.project.name === project;
}

/** The age of what is known changes all the time and says nothing that a reader's own clock does not. */
function textOf(item: LiveItem): string {
  return JSON.stringify(
    item.kind === "project"
      ? { ...item.project, heardAgoMs: item.project.heardAgoMs === null }
      : item,
  );
}
