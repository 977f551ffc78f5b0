/** Which runs are going on, on disk: what is found here at boot died with the container. */
import { mkdirSync, readFileSync, readdirSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isRunId, parseRunMeta } from "../protocol/spool.ts";
import type { RunMeta } from "../protocol/spool.ts";

export class OpenRuns {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  /** Before the process exists. */
  add(meta: RunMeta): void {
    writeFileSync(join(this.#folder, meta.run), JSON.stringify(meta), { mode: 0o600 });
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
