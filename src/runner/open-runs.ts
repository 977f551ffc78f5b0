/** Which runs are going on, on disk: what is found open at boot died with the container. */
import {
  closeSync,
  constants,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from "node:fs";
import type { JournalEvent } from "../model/run.ts";
import { parseRunMeta } from "../protocol/spool.ts";
import type { RunMeta } from "../protocol/spool.ts";

/** Begun anew with the open runs alone past this size, or past twice what these take. */
const LEDGER_BYTES = 262_144;
/** A run that ended, by its id; any other line is the meta of one that begins. */
const ENDED = "- ";
const FRESH = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_APPEND;

/**
 * An append-only file: two files a run, as folder entries, cost a short task more than its process.
 * INVARIANT: a run is in the file before its process exists, and leaves it only after its terminal event is journalled.
 */
export class OpenRuns {
  readonly #path: string;
  readonly #open = new Map<string, string>();
  readonly #left: readonly RunMeta[];
  #fd: number | null = null;
  #bytes: number;
  #ended: string[] = [];

  constructor(path: string) {
    this.#path = path;
    const lines = wholeLines(path);
    this.#bytes = lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
    for (const line of lines) this.#take(line);
    this.#left = [...this.#open.values()].flatMap((line) => parseRunMeta(line) ?? []);
  }

  /** Before the process exists. Throws when the disk refuses. */
  add(meta: RunMeta): void {
    const line = JSON.stringify(meta);
    this.#append(`${this.#endedLines()}${line}\n`);
    this.#ended = [];
    this.#open.set(meta.run, line);
  }

  /** After its terminal event is in the journal. Written a turn later: a boot that finds the event knows the run has ended. */
  remove(run: string): void {
    if (!this.#open.delete(run)) return;
    if (this.#ended.length === 0) setImmediate(() => this.#flush());
    this.#ended.push(run);
  }

  /** What an earlier boot left, oldest first. */
  left(): readonly RunMeta[] {
    return this.#left;
  }

  close(): void {
    this.#flush();
  }

  #take(line: string): void {
    const meta = parseRunMeta(line);
    if (meta !== null) this.#open.set(meta.run, line);
    else if (line.startsWith(ENDED)) this.#open.delete(line.slice(ENDED.length));
  }

  #flush(): void {
    try {
      if (this.#ended.length > 0) this.#append(this.#endedLines());
      this.#ended = [];
      if (this.#bytes > LEDGER_BYTES && this.#bytes > 2 * this.#openBytes()) this.#rewrite();
    } catch {
      // A full disk: told again with the next start, which the disk has to take first.
    }
  }

  #endedLines(): string {
    return this.#ended.map((run) => `${ENDED}${run}\n`).join("");
  }

  #openBytes(): number {
    return [...this.#open.values()].reduce((sum, line) => sum + line.length + 1, 0);
  }

  #append(text: string): void {
    const fd = this.#file();
    const bytes = Buffer.from(text);
    try {
      if (writeSync(fd, bytes) !== bytes.length) throw new Error("short write");
    } catch (thrown) {
      ftruncateSync(fd, this.#bytes);
      throw thrown;
    }
    this.#bytes += bytes.length;
  }

  /** Opened with the first start: a disk that is full at boot stops no runner. Nothing is written behind a torn line. */
  #file(): number {
    if (this.#fd !== null) return this.#fd;
    const fd = openSync(this.#path, "a", 0o600);
    ftruncateSync(fd, this.#bytes);
    this.#fd = fd;
    return fd;
  }

  /** Replaces the file by one of the open runs alone; a boot finds the old one or the new one, whole. */
  #rewrite(): void {
    const fresh = `${this.#path}.new`;
    const fd = openSync(fresh, FRESH, 0o600);
    const bytes = Buffer.from([...this.#open.values()].map((line) => `${line}\n`).join(""));
    try {
      if (writeSync(fd, bytes) !== bytes.length) throw new Error("short write");
      renameSync(fresh, this.#path);
    } catch (thrown) {
      closeSync(fd);
      throw thrown;
    }
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = fd;
    this.#bytes = bytes.length;
  }
}

/** Those of which no event tells how they ended: they did, but the file still has what is written a turn later. */
export function withoutEnd(
  runs: readonly RunMeta[],
  events: readonly JournalEvent[],
): readonly RunMeta[] {
  const ended = new Set(
    events.flatMap((event) => ("run" in event && isEnd(event.kind) ? [event.run] : [])),
  );
  return runs.filter(({ run }) => !ended.has(run));
}

function isEnd(kind: JournalEvent["kind"]): boolean {
  return kind === "exited" || kind === "lost" || kind === "start-failed";
}

/** None when there is no file. What a crash tore off is no line. */
function wholeLines(path: string): readonly string[] {
  try {
    return readFileSync(path, "utf8").split("\n").slice(0, -1);
  } catch {
    return [];
  }
}
