/** Which runs are going on, on disk: what is found here at boot died with the container. */
import { linkSync, mkdirSync, readFileSync, readdirSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { isRunId, META_FILE, parseRunMeta } from "../protocol/spool.ts";
import type { RunMeta } from "../protocol/spool.ts";

export class OpenRuns {
  readonly #folder: string;
  readonly #runs: string;

  /** `runs` is where each run's output and its meta file lie. */
  constructor(folder: string, runs: string) {
    this.#folder = folder;
    this.#runs = runs;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  /** Before the process exists. A second name of its meta file costs a third of a second file. */
  add(run: string): void {
    linkSync(join(this.#runs, run, META_FILE), join(this.#folder, run));
  }

  /** After its terminal event is in the journal. */
  remove(run: string): void {
    try {
      unlinkSync(join(this.#folder, run));
    } catch {
      // Already gone: what was wanted.
    }
  }

  /** What an earlier boot left, oldest first. */
  left(): readonly RunMeta[] {
    return readdirSync(this.#folder)
      .filter(isRunId)
      .toSorted()
      .flatMap((name) => parseRunMeta(readFileSync(join(this.#folder, name), "utf8")) ?? []);
  }
}
