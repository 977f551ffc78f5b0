/** The FIFO through which tasks of one user speak by `berth-agent`: one project is one trust domain, so its tasks share it. */
import { fchownSync, readSync, unlinkSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import { makeFifos, openEnds } from "./fifo.ts";
import type { Fifo } from "./fifo.ts";
import type { Identity } from "./identity.ts";
import { SayingReader } from "./saying.ts";
import type { Saying } from "./saying.ts";

/** As large as a user without privileges may make a pipe; more cannot have been written before a given moment. */
const MAX_PIPE_BYTES = 1_048_576;
const shared = Buffer.alloc(65_536);

/** INVARIANT: bytes are taken in the order they were written, whether by the event loop or by `drain`. */
export class Voice {
  readonly path: string;
  readonly #fifo: Fifo;
  readonly #reader = new SayingReader();
  readonly #heard: (saying: Saying) => void;

  constructor(path: string, fifo: Fifo, heard: (saying: Saying) => void) {
    this.path = path;
    this.#fifo = fifo;
    this.#heard = heard;
    const socket = new Socket({
      fd: fifo.readFd,
      readable: true,
      writable: false,
      onread: {
        buffer: shared,
        callback: (length, bytes) => {
          this.#take(bytes.subarray(0, length));
          return true;
        },
      },
    });
    socket.on("error", () => socket.destroy());
    socket.resume();
  }

  /** Hears everything said until now, at once: a task that has ended gets its last words in. */
  drain(): void {
    const bytes = Buffer.alloc(shared.length);
    for (let taken = 0; taken < MAX_PIPE_BYTES;) {
      const length = this.#readNow(bytes);
      if (length === 0) return;
      this.#take(bytes.subarray(0, length));
      taken += length;
    }
  }

  #readNow(bytes: Buffer): number {
    try {
      return readSync(this.#fifo.readFd, bytes);
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
  readonly #heard: (saying: Saying, uid: number) => void;
  readonly #open = new Map<number, Promise<Voice>>();

  constructor(folder: string, heard: (saying: Saying, uid: number) => void) {
    this.#folder = folder;
    this.#heard = heard;
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
    const path = join(this.#folder, `voice-${owner.uid}`);
    removeIfThere(path);
    await makeFifos([path]);
    const fifo = openEnds(path);
    fchownSync(fifo.writeFd, owner.uid, owner.gid);
    return new Voice(path, fifo, (saying) => this.#heard(saying, owner.uid));
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // None left over.
  }
}
