/** The runner's journal: a sequence that never restarts, on disk at once, kept until acknowledged. */
import type { JournalBody, JournalEvent } from "../model/run.ts";
import { encodeEvent, MAX_JOURNAL_BYTES, MAX_JOURNAL_FILE_BYTES } from "../protocol/journal.ts";
import { JournalFiles } from "./journal-files.ts";
import { RECENT_BYTES, RECENT_COUNT, RecentEvents } from "./recent-events.ts";

/** How long an acknowledgement may stay unwritten: after a crash the daemon is told events again, and knows their numbers. */
const KEEP_ACKED_AFTER_MS = 500;

export interface JournalOptions {
  readonly boot: string;
  readonly now: () => number;
  readonly maxBytes?: number;
  readonly maxFileBytes?: number;
}

/**
 * INVARIANTS: `seq` rises by one from event to event over all boots. An event is only ever removed with a file whose every
 * event is acknowledged.
 */
export class Journal {
  readonly #options: JournalOptions;
  readonly #files: JournalFiles;
  readonly #recent = new RecentEvents();
  #lastSeq: number;
  #ackedSeq: number;
  #ackTimer: NodeJS.Timeout | null = null;
  /** Events the disk refused; written first once it takes them again. New starts are refused meanwhile. */
  #unwritten: { seq: number; line: Buffer }[] = [];
  /** Events of this boot not yet acknowledged, for `skipTo`; null once the daemon's view proved to be no newer. */
  #ofThisBoot: JournalBody[] | null = [];
  #ofThisBootBytes = 0;

  constructor(folder: string, options: JournalOptions) {
    this.#options = options;
    this.#files = new JournalFiles(folder, options.maxFileBytes ?? MAX_JOURNAL_FILE_BYTES);
    this.#ackedSeq = this.#files.readAcked();
    const { lastSeq, events } = this.#files.load(this.#ackedSeq);
    this.#lastSeq = lastSeq;
    for (const event of events.slice(-RECENT_COUNT)) {
      this.#recent.add(event, Buffer.byteLength(encodeEvent(event)));
    }
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }
  get ackedSeq(): number {
    return this.#ackedSeq;
  }

  /** Whether new runs must wait: the files are at their cap, or the disk takes nothing. */
  full(): boolean {
    const { maxBytes = MAX_JOURNAL_BYTES } = this.#options;
    return this.#files.bytes >= maxBytes || this.#unwritten.length > 0;
  }

  append(body: JournalBody): JournalEvent {
    this.#lastSeq += 1;
    const { boot, now } = this.#options;
    const event: JournalEvent = { seq: this.#lastSeq, at: now(), boot, ...body };
    const line = Buffer.from(encodeEvent(event));
    this.#recent.add(event, line.length);
    if (this.#ofThisBoot !== null && this.#ofThisBoot.length < RECENT_COUNT) {
      this.#ofThisBootBytes += line.length;
      if (this.#ofThisBootBytes <= RECENT_BYTES) this.#ofThisBoot.push(body);
    }
    this.#unwritten.push({ seq: event.seq, line });
    this.flush();
    return event;
  }

  /** Writes what the disk refused before; true when nothing is left. */
  flush(): boolean {
    for (let next = this.#unwritten[0]; next !== undefined; next = this.#unwritten[0]) {
      if (!this.#files.write(next.seq, next.line)) return false;
      this.#unwritten.shift();
    }
    return true;
  }

  /** Events after `seq`, oldest first, as many as one file or the memory holds; empty means none. */
  readAfter(seq: number): readonly JournalEvent[] {
    if (seq >= this.#lastSeq) return [];
    const kept = this.#recent.reaches(seq) ? [] : this.#files.after(seq);
    return kept.length > 0 ? kept : this.#recent.after(seq);
  }

  /** The newest events in memory, of earlier boots too. */
  recent(): readonly JournalEvent[] {
    return this.#recent.all();
  }

  /** Forgets files whose every event is at or below `seq`. */
  acknowledge(seq: number): void {
    const acked = Math.min(seq, this.#lastSeq);
    if (acked <= this.#ackedSeq) return;
    this.#ackedSeq = acked;
    this.#ofThisBoot = null;
    // Before a file goes: its numbers must never be given again.
    if (this.#oldestIsDone()) this.#keepAcked();
    else this.#ackTimer ??= setTimeout(() => this.#keepAcked(), KEEP_ACKED_AFTER_MS).unref();
    while (this.#oldestIsDone()) this.#files.dropOldest();
  }

  /**
   * The daemon has events we do not know: the host crashed and our files lost their end. Goes on behind them, and says
   * this boot's events again, because under their old numbers the daemon takes them for known.
   */
  skipTo(seq: number): void {
    const again = this.#ofThisBoot ?? [];
    this.#ofThisBoot = null;
    if (seq <= this.#lastSeq) return;
    this.#lastSeq = seq;
    this.#recent.clear();
    this.#files.endFile();
    for (const body of again) this.append(body);
  }

  close(): void {
    this.flush();
    if (this.#ackTimer !== null) this.#keepAcked();
    this.#files.endFile();
  }

  #oldestIsDone(): boolean {
    const allAcked = this.#ackedSeq === this.#lastSeq && this.#unwritten.length === 0;
    return this.#files.oldestIsDone(this.#ackedSeq, allAcked);
  }

  #keepAcked(): void {
    if (this.#ackTimer !== null) clearTimeout(this.#ackTimer);
    this.#ackTimer = null;
    this.#files.keepAcked(this.#ackedSeq);
  }
}
