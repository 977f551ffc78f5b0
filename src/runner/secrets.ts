/** Secret values: received over the control socket, written to tmpfs for the agents, held nowhere else. */
import {
  closeSync,
  fchownSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Identity } from "../model/identity.ts";

const SECRETS_FOLDER = "/run/secrets";
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

export class SecretFiles {
  readonly #folder: string;

  constructor(folder: string = SECRETS_FOLDER) {
    this.#folder = folder;
    // Agents may enter and open what is theirs, but not list.
    mkdirSync(folder, { recursive: true, mode: 0o711 });
  }

  /** Which of these names have no value yet. */
  missing(names: readonly string[]): readonly string[] {
    const present = new Set(readdirSync(this.#folder));
    return names.filter((name) => !present.has(name));
  }

  /** Writes base64 values, each readable by `owner` alone; a reader sees the old value or the new one, whole. */
  write(values: Readonly<Record<string, string>>, owner: Identity): void {
    for (const [name, value] of Object.entries(values)) {
      if (!NAME.test(name)) continue;
      const fresh = join(this.#folder, `.${name}.new`);
      removeIfThere(fresh);
      const fd = openSync(fresh, "wx", 0o400);
      try {
        writeFileSync(fd, Buffer.from(value, "base64"));
        fchownSync(fd, owner.uid, owner.gid);
      } finally {
        closeSync(fd);
      }
      renameSync(fresh, join(this.#folder, name));
    }
  }

  /** Removes what the project no longer names. */
  keepOnly(names: readonly string[]): void {
    const kept = new Set(names);
    for (const name of readdirSync(this.#folder)) {
      if (!kept.has(name)) removeIfThere(join(this.#folder, name));
    }
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Already gone: what was wanted.
  }
}
