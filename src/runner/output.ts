/** What agents print, of all runs together: kept up to a cap, beyond which the oldest goes. */
import { mkdirSync, readdirSync, rmSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MAX_SEGMENT_BYTES, segmentName, segmentNumber } from "../protocol/segment.ts";
import { isRunId, META_FILE } from "../protocol/spool.ts";
import type { RunMeta } from "../protocol/spool.ts";
import { RunOutput } from "./run-output.ts";
import { Losses } from "./losses.ts";

/** All output of one project together; beyond it the oldest segment goes. */
const MAX_OUTPUT_BYTES = 1_073_741_824;
/** Folders of ended runs kept; a crash-looping agent must not fill the spool with empty ones. */
const MAX_RUN_FOLDERS = 5_000;

export interface OutputCaps {
  readonly totalBytes: number;
  readonly segmentBytes: number;
  readonly runFolders: number;
}

export const DEFAULT_CAPS: OutputCaps = {
  totalBytes: MAX_OUTPUT_BYTES,
  segmentBytes: MAX_SEGMENT_BYTES,
  runFolders: MAX_RUN_FOLDERS,
};

interface Segment {
  readonly number: number;
  bytes: number;
}

interface RunFiles {
  readonly run: string;
  live: boolean;
  readonly segments: Segment[];
}

/** All runs' output in one folder. Runs are kept in the order their folders were made, at boot in that of their ids. */
export class OutputStore {
  readonly #folder: string;
  readonly caps: OutputCaps;
  readonly #losses: Losses;
  #runs: RunFiles[] = [];
  #total = 0;

  constructor(
    folder: string,
    dropped: (run: string, bytes: number) => void,
    caps: OutputCaps = DEFAULT_CAPS,
  ) {
    this.#folder = folder;
    this.#losses = new Losses(dropped);
    this.caps = caps;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  get totalBytes(): number {
    return this.#total;
  }

  /**
   * A run's output; its first segment is made with its first byte. So is its folder where runs are many and short: in a
   * directory files cost more to make and remove than a silent process costs to run.
   */
  open(meta: RunMeta, folderMade: "at-once" | "with-output"): RunOutput {
    const folder = join(this.#folder, meta.run);
    const files: RunFiles = { run: meta.run, live: true, segments: [] };
    let made = false;
    const make = (): void => {
      if (made) return;
      this.#dropFolders(1);
      // Recursive: it may be there already from a try that could not write the meta file.
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      writeFileSync(join(folder, META_FILE), JSON.stringify(meta), { mode: 0o600 });
      this.#runs.push(files);
      made = true;
    };
    if (folderMade === "at-once") make();
    return new RunOutput({
      folder,
      segmentBytes: this.caps.segmentBytes,
      made: () => made,
      make,
      begun: (number) => files.segments.push({ number, bytes: 0 }),
      grew: (bytes) => this.#grew(files, bytes),
      lost: (bytes) => this.#losses.add(meta.run, bytes),
      ended: () => {
        files.live = false;
        this.#losses.tell(meta.run);
      },
    });
  }

  /** Counts what earlier boots left. Called a while after boot: agents come first. */
  adopt(): void {
    const known = new Set(this.#runs.map((files) => files.run));
    const found: RunFiles[] = [];
    for (const run of readdirSync(this.#folder)) {
      if (!isRunId(run) || known.has(run)) continue;
      found.push({ run, live: false, segments: segmentsIn(join(this.#folder, run)) });
    }
    found.sort((a, b) => (a.run < b.run ? -1 : 1));
    this.#runs = [...found, ...this.#runs];
    for (const { segments } of found) for (const { bytes } of segments) this.#total += bytes;
    this.#dropFolders(0);
    this.#shrink(null);
  }

  /** Tells what is not yet told of losses. */
  close(): void {
    this.#losses.end();
  }

  #grew(files: RunFiles, bytes: number): void {
    const current = files.segments.at(-1);
    if (current !== undefined) current.bytes += bytes;
    this.#total += bytes;
    if (this.#total > this.caps.totalBytes) this.#shrink(files);
  }

  #shrink(writer: RunFiles | null): void {
    while (this.#total > this.caps.totalBytes) {
      const victim = this.#victim(writer);
      if (victim === undefined) return;
      const segment = victim.segments.shift();
      if (segment === undefined) return;
      this.#total -= segment.bytes;
      const path = join(this.#folder, victim.run, segmentName(segment.number));
      // The daemon prunes too: what it took away is not ours to report.
      if (removed(path)) this.#losses.add(victim.run, segment.bytes);
      if (!victim.live && victim.segments.length === 0) this.#forget(victim);
    }
  }

  /** Ended runs first, oldest first; then the writer's own past; then any other's. Never a segment being written. */
  #victim(writer: RunFiles | null): RunFiles | undefined {
    const spare = (files: RunFiles): boolean => files.segments.length > 1;
    return (
      this.#runs.find((files) => !files.live && files.segments.length > 0) ??
      (writer !== null && spare(writer) ? writer : this.#runs.find(spare))
    );
  }

  /** Keeps room for so many more folders. */
  #dropFolders(more: number): void {
    while (this.#runs.length + more > this.caps.runFolders) {
      const oldest = this.#runs.find((files) => !files.live);
      if (oldest === undefined) return;
      for (const { bytes } of oldest.segments) this.#total -= bytes;
      this.#forget(oldest);
    }
  }

  #forget(files: RunFiles): void {
    this.#runs = this.#runs.filter((other) => other !== files);
    rmSync(join(this.#folder, files.run), { recursive: true, force: true });
  }
}

/** The daemon prunes while we look: what is gone has no segments. */
function segmentsIn(folder: string): Segment[] {
  try {
    return readdirSync(folder)
      .flatMap((name) => {
        const number = segmentNumber(name);
        return number === null ? [] : [{ number, bytes: statSync(join(folder, name)).size }];
      })
      .toSorted((a, b) => a.number - b.number);
  } catch {
    return [];
  }
}

function removed(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch {
    return false;
  }
}
