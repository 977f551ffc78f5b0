/** The FIFO through which runs of one user speak by `berth-agent`: one project is one trust domain, so its runs share it. */
import { constants, fchownSync, openSync, readSync, unlinkSync } from "node:fs";
import { voicePath } from "../protocol/run-id.ts";
import { openForReading, readPipe } from "./fifo.ts";
import type { FifoMaker } from "./fifo.ts";
import type { Identity } from "../model/identity.ts";
import { SayingReader } from "./saying.ts";
import type { Saying } from "./saying.ts";

/** As large as a user without privileges may make a pipe; more cannot have been written before a given moment. */
const MAX_PIPE_BYTES = 1_048_576;
/** Drained voices are heard at once, one after the other: all share one buffer, which a task would else pay for. */
const drained = Buffer.alloc(65_536);

/** INVARIANT: bytes are taken in the order they were written, whether by the event loop or by `drain`. */
export class Voice {
  readonly path: string;
  readonly #readFd: number;
  readonly #reader = new SayingReader();
  readonly #heard: (saying: Saying) => void;

  constructor(path: string, readFd: number, heard: (saying: Saying) => void) {
    this.path = path;
    this.#readFd = readFd;
    this.#heard = heard;
    readPipe(readFd, (bytes) => this.#take(bytes));
  }

  /** Hears everything said until now, at once: a task that has ended gets its last words in. */
  drain(): void {
    for (let taken = 0; taken < MAX_PIPE_BYTES;) {
      const length = this.#readNow();
      if (length === 0) return;
      this.#take(drained.subarray(0, length));
      taken += length;
    }
  }

  #readNow(): number {
    try {
      return readSync(this.#readFd, drained);
    } catch {
      return 0; // EAGAIN: nothing there
    }
  }

  #take(chunk: Uint8Array): void {
    for (const saying of this.#reader.push(chunk)) this.#heard(saying);
  }
}

/** One voice per user, made when first needed and kept as long as the runner lives: its writing end stays open here. */
export class Voices {
  readonly #folder: string;
  readonly #maker: FifoMaker;
  readonly #heard: (saying: Saying, uid: number) => void;
  readonly #open = new Map<number, Promise<Voice>>();

  constructor(folder: string, maker: FifoMaker, heard: (saying: Saying, uid: number) => void) {
    this.#folder = folder;
    this.#maker = maker;
    this.#heard = heard;
  }

  /** Where this user's FIFO is, or soon will be. */
  pathOf(owner: Identity): string {
    return voicePath(this.#folder, owner);
  }

  /** The voice of this user. */
  of(owner: Identity): Promise<Voice> {
    const known = this.#open.get(owner.uid);
    if (known !== undefined) return known;
    const made = this.#make(owner);
    this.#open.set(owner.uid, made);
    // The next start tries again, and this one says why.
    made.catch(() => this.#open.delete(owner.uid));
    return made;
  }

  async #make(owner: Identity): Promise<Voice> {
    const path = this.pathOf(owner);
    removeIfThere(path);
    await this.#maker.makeFifos([path]);
    const readFd = openForReading(path);
    // Kept open for ever, so that reading never ends; opened while it is still root's.
    const writeFd = openSync(path, constants.O_WRONLY);
    fchownSync(writeFd, owner.uid, owner.gid);
    return new Voice(path, readFd, (saying) => this.#heard(saying, owner.uid));
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // None left over.
  }
}
