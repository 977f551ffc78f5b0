/** The runner's own files in the spool: the configuration it obeys, and the epoch below which it obeys nobody. */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunnerConfig } from "../model/desired.ts";
import { isRunnerConfig } from "../protocol/frame-shape.ts";
import { DESIRED_FILE } from "../protocol/spool.ts";

const EPOCH_FILE = "epoch";

export class Spool {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** The last configuration written, or null when there is none that can be read. */
  readConfig(): RunnerConfig | null {
    const text = this.#read(DESIRED_FILE);
    if (text === null) return null;
    try {
      const value: unknown = JSON.parse(text);
      return isRunnerConfig(value) ? value : null;
    } catch {
      return null;
    }
  }

  writeConfig(config: RunnerConfig): void {
    this.#replace(DESIRED_FILE, JSON.stringify(config));
  }

  readEpoch(): number {
    const epoch = Number(this.#read(EPOCH_FILE) ?? 0);
    return Number.isSafeInteger(epoch) ? epoch : 0;
  }

  writeEpoch(epoch: number): void {
    this.#replace(EPOCH_FILE, String(epoch));
  }

  #read(name: string): string | null {
    try {
      return readFileSync(this.path(name), "utf8");
    } catch {
      return null;
    }
  }

  /** A reader sees the old file or the new one, whole. */
  #replace(name: string, text: string): void {
    const fresh = this.path(`${name}.new`);
    writeFileSync(fresh, text, { mode: 0o600 });
    renameSync(fresh, this.path(name));
  }
}
