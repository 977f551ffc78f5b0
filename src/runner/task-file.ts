/** A task's payload as a file in tmpfs: what its process has as stdin and at $BERTH_TASK_FILE. */
import { closeSync, fchownSync, mkdirSync, openSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Identity } from "../model/identity.ts";

export class TaskFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    // Agents may enter and open what is theirs, but not list.
    mkdirSync(folder, { recursive: true, mode: 0o711 });
  }

  /** Writes one and returns its path; only its agent's user may read it. */
  write(run: string, payload: unknown, owner: Identity): string {
    const path = join(this.#folder, run);
    const fd = openSync(path, "wx", 0o400);
    try {
      writeFileSync(fd, JSON.stringify(payload));
      fchownSync(fd, owner.uid, owner.gid);
      return path;
    } catch (thrown) {
      this.remove(run);
      throw thrown;
    } finally {
      closeSync(fd);
    }
  }

  remove(run: string): void {
    try {
      unlinkSync(join(this.#folder, run));
    } catch {
      // Already gone: what was wanted.
    }
  }
}
