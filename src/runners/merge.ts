/** Merges the lines of many runs in time order, opening a run only when its time has come. */
import type { Place, RunPlace, Start } from "./place.ts";
import { RunReader, type RunLine } from "./run-reader.ts";
import { firstAt, lastWrite, listSegments, type Run } from "./runs.ts";

/** Lines this young wait for an older one of another run whose write is still under way. */
export const SETTLE_MS = 20;

/** A chunk is stamped before it is written; this much more covers a clock that was set in between. */
const CLOCK_SLACK_MS = 60_000;
const BEGINNING: Place = { segment: 0, offset: 0, skip: 0, seen: 0 };

export interface MergedLine {
  readonly run: Run;
  readonly line: RunLine;
}

/** `idle`: nothing more just now. `unsettled`: there is a line, but it is too young; come back after SETTLE_MS. */
export type Next = MergedLine | "idle" | "unsettled" | "end";

export interface MergeOptions {
  readonly start: Start;
  /** Lines begun before this are not wanted: where to begin reading, not a filter. */
  readonly since: number | null;
  /** Nothing finished until the runs are over: unfinished lines are kept back, empty readers stay open. */
  readonly follow: boolean;
  /** A follow that waits for runs yet to come. */
  readonly endless: boolean;
  /** Leaves the unfinished line of a live run to a follow that comes after. */
  readonly keepUnfinished: boolean;
  now(): number;
}

/**
 * INVARIANTS: `#waiting` is sorted by start and none of it is open; every open reader is in `#open`; a line is given out
 * only when no open reader, and no run still waiting, can have an earlier one.
 */
export class Merge {
  readonly #options: MergeOptions;
  readonly #known = new Map<string, Run>();
  #waiting: Run[] = [];
  #open: RunReader[] = [];
  /** Readers that had nothing at `#checkedAt`. */
  #idle = new Set<RunReader>();
  #checkedAt = 0;
  #complete = false;

  constructor(options: MergeOptions) {
    this.#options = options;
  }

  /** Adds the runs not yet known, which come by start; those known learn whether they are over. */
  add(runs: readonly Run[]): void {
    for (const run of runs) {
      if (!this.#known.has(run.meta.run)) this.#waiting.push(run);
      this.#known.set(run.meta.run, run);
    }
    for (const reader of this.#open)
      reader.over = this.#known.get(reader.run.meta.run)?.over ?? true;
    this.#waiting.sort((a, b) => a.meta.startedAt - b.meta.startedAt);
    this.recheck();
  }

  /** Readers found empty are read again by the next `next`. */
  recheck(): void {
    this.#checkedAt = 0;
  }

  /** No run is known yet. */
  get empty(): boolean {
    return this.#known.size === 0;
  }

  /** No run will be added any more. */
  expectNoMore(): void {
    this.#complete = true;
  }

  openFolders(): readonly string[] {
    return this.#open.map((reader) => reader.run.folder);
  }

  async next(): Promise<Next> {
    await this.#fill();
    for (;;) {
      const reader = this.#least();
      const line = reader?.peek();
      if (await this.#openDue(line?.key)) continue;
      if (reader === undefined || line === undefined) return this.#nothing();
      if (!this.#settled(line)) return "unsettled";
      reader.shift();
      if (reader.peek() === undefined) await this.#fillOne(reader);
      if (this.#wanted(line, reader.run)) return { run: reader.run, line };
    }
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = [];
    await Promise.all(open.map((reader) => reader.close()));
  }

  #nothing(): "idle" | "end" {
    const { follow, endless } = this.#options;
    const expecting = endless || (this.#known.size === 0 && !this.#complete);
    return follow && (expecting || this.#open.length > 0) ? "idle" : "end";
  }

  /** In a follow every empty reader is looked at once per settle time, however fast the others are. */
  async #fill(): Promise<void> {
    const now = this.#options.now();
    if (now - this.#checkedAt < SETTLE_MS && now >= this.#checkedAt) return;
    this.#checkedAt = now;
    const idle = this.#idle;
    this.#idle = new Set();
    for (const reader of idle) await this.#fillOne(reader);
  }

  async #fillOne(reader: RunReader): Promise<void> {
    if (await reader.fill(this.#options.now())) return;
    const { follow, keepUnfinished } = this.#options;
    const finished = await reader.finished(this.#options.now());
    if (follow && !finished) {
      this.#idle.add(reader);
      return;
    }
    // A process that still runs may finish its line later; a follow waits for that, a plain read does not.
    if ((finished || !keepUnfinished) && reader.flush()) return;
    this.#open = this.#open.filter((one) => one !== reader);
    await reader.close();
  }

  /** Opens the runs that started no later than `key`; without a key, the next one. */
  async #openDue(key: number | undefined): Promise<boolean> {
    const [next] = this.#waiting;
    if (next === undefined || (key !== undefined && next.meta.startedAt > key)) return false;
    this.#waiting.shift();
    if (await this.#isPast(next)) return true;
    const reader = new RunReader(next, await this.#beginning(next));
    this.#open.push(reader);
    await this.#fillOne(reader);
    return true;
  }

  /** Spares opening the hundreds of runs a crash loop leaves when only the latest are asked for. */
  async #isPast(run: Run): Promise<boolean> {
    const { start, since } = this.#options;
    const wanted = Math.max(start.key, since ?? 0);
    if (!run.over || run.meta.startedAt >= wanted || start.run === run.meta.run) return false;
    return (await lastWrite(run.folder)) < wanted - CLOCK_SLACK_MS;
  }

  /** A whole segment before the one wanted: its last line may have begun there. */
  async #beginning(run: Run): Promise<RunPlace> {
    const { start, since } = this.#options;
    if (start.place !== null && start.run === run.meta.run) return start.place;
    const wanted = Math.max(start.key, since ?? 0);
    const segments = wanted <= run.meta.startedAt ? [] : await listSegments(run.folder);
    let low = 0;
    let high = segments.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      const began = await firstAt(run.folder, segments[middle] ?? 0);
      if (began !== null && began < wanted) low = middle;
      else high = middle - 1;
    }
    // From the very beginning all that was dropped before is missing; from further on it is of no interest.
    const place = low < 1 ? BEGINNING : { ...BEGINNING, segment: segments[low - 1] ?? 0, seen: -1 };
    return { stdout: place, stderr: place };
  }

  #least(): RunReader | undefined {
    let least: RunReader | undefined;
    for (const reader of this.#open) {
      if (reader.peek() !== undefined && (least === undefined || isBefore(reader, least)))
        least = reader;
    }
    return least;
  }

  #settled(line: RunLine): boolean {
    if (!this.#options.follow || this.#idle.size === 0) return true;
    return Math.min(line.key, line.readAt) <= this.#checkedAt - SETTLE_MS;
  }

  #wanted(line: RunLine, run: Run): boolean {
    const { key, run: startRun, place } = this.#options.start;
    if (place !== null && startRun === run.meta.run) return true;
    return line.key > key || (line.key === key && run.meta.run > startRun);
  }
}

function isBefore(a: RunReader, b: RunReader): boolean {
  const [one, other] = [a.peek()?.key ?? 0, b.peek()?.key ?? 0];
  return one < other || (one === other && a.run.meta.run < b.run.meta.run);
}
