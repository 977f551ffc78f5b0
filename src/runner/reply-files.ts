/** Where an asker finds its answer: a FIFO that wakes it and a file with the text, both its user's alone, in tmpfs. */
import {
  closeSync,
  constants,
  fchownSync,
  openSync,
  renameSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { FifoMaker } from "./fifo.ts";
import type { Identity } from "../model/identity.ts";

/** One question's files; `berth-agent` knows the names. */
export interface Reply {
  readonly key: string;
  readonly owner: Identity;
  /** Both ends of the FIFO: what is written stays in it until the asker looks. Null when it was refused. */
  readonly gateFd: number | null;
}

export class ReplyFiles {
  readonly #folder: string;
  readonly #maker: FifoMaker;

  constructor(folder: string, maker: FifoMaker) {
    this.#folder = folder;
    this.#maker = maker;
  }

  /** Makes the FIFO; nobody but us may open it before `show`. */
  async open(key: string, owner: Identity): Promise<Reply> {
    const path = this.#gate(key);
    await this.#maker.makeFifos([path]);
    return { key, owner, gateFd: openSync(path, constants.O_RDWR | constants.O_NONBLOCK) };
  }

  /** Gives the FIFO to its asker, which takes that for a receipt. */
  show({ owner, gateFd }: Reply): void {
    if (gateFd !== null) fchownSync(gateFd, owner.uid, owner.gid);
  }

  /** Writes the answer, whole or not at all, and wakes whoever waits; throws when the tmpfs is full. */
  answer({ key, owner, gateFd }: Reply, text: string): void {
    this.#write(`re-${key}`, owner, text);
    if (gateFd !== null) wake(gateFd);
  }

  /** Says why a question was not taken. */
  refuse(key: string, owner: Identity, reason: string): Reply {
    this.#write(`no-${key}`, owner, reason);
    return { key, owner, gateFd: null };
  }

  close({ key, gateFd }: Reply): void {
    if (gateFd !== null) closeSync(gateFd);
    for (const path of [this.#gate(key), this.#path(`re-${key}`), this.#path(`no-${key}`)])
      removeIfThere(path);
  }

  #write(name: string, owner: Identity, text: string): void {
    const fresh = this.#path(`.${name}`);
    removeIfThere(fresh);
    const fd = openSync(fresh, "wx", 0o400);
    try {
      writeFileSync(fd, text);
      fchownSync(fd, owner.uid, owner.gid);
    } catch (thrown) {
      removeIfThere(fresh);
      throw thrown;
    } finally {
      closeSync(fd);
    }
    renameSync(fresh, this.#path(name));
  }

  #gate(key: string): string {
    return this.#path(`ask-${key}`);
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }
}

function wake(gateFd: number): void {
  try {
    writeSync(gateFd, "\n");
  } catch {
    // Full of what the asker itself wrote: then there is something to wake it too.
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // None left.
  }
}
