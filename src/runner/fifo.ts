/** FIFOs for output and results, made ahead by the launcher: their reading ends are open here before a process writes. */
import { closeSync, constants, mkdirSync, openSync, unlinkSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";

/** Two a start of a service: six starts at once without waiting. */
const SPARE = 12;
/** Three a start of a task. */
export const SPARE_FOR_TASKS = 72;
/** A pipe holds as much. Reads happen one after another and their bytes are taken at once, so all readers share one buffer. */
const shared = Buffer.alloc(65_536);

/** The launcher opens the other end for the process, gives it to the agent's uid, and takes the name away. */
export interface Fifo {
  readonly path: string;
  readonly readFd: number;
}

/** What makes FIFOs: the launcher. */
export type FifoMaker = Readonly<{ makeFifos(paths: readonly string[]): Promise<void> }>;

/** FIFOs, because on Node's own pipes (sockets) /dev/stdout fails with ENXIO, and a plain file could be truncated by the agent. */
export class FifoPool {
  readonly #folder: string;
  readonly #maker: FifoMaker;
  #spare: Fifo[] = [];
  #target = SPARE;
  #made = 0;
  #refilling: Promise<void> | null = null;

  constructor(folder: string, maker: FifoMaker) {
    this.#folder = folder;
    this.#maker = maker;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  /** Keeps this many spares from now on. */
  keep(spares: number): void {
    if (spares <= this.#target) return;
    this.#target = spares;
    this.refill().catch(ignoreUntilNeeded);
  }

  /** Two FIFOs, at once when spares are there. */
  async takePair(): Promise<readonly [Fifo, Fifo]> {
    const first = await this.take();
    try {
      return [first, await this.take()];
    } catch (thrown) {
      discardFifo(first);
      throw thrown;
    }
  }

  /** One FIFO, at once when a spare is there. */
  async take(): Promise<Fifo> {
    for (;;) {
      const fifo = this.#spare.pop();
      if (this.#spare.length < this.#target / 2) this.refill().catch(ignoreUntilNeeded);
      if (fifo !== undefined) return fifo;
      await this.refill();
    }
  }

  /** Brings the spares up to their number; one at a time. */
  refill(): Promise<void> {
    this.#refilling ??= this.#make(this.#target - this.#spare.length).finally(() => {
      this.#refilling = null;
    });
    return this.#refilling;
  }

  async #make(count: number): Promise<void> {
    const paths = Array.from({ length: count }, () => join(this.#folder, String(this.#made++)));
    await this.#maker.makeFifos(paths);
    for (const path of paths) this.#spare.push({ path, readFd: openForReading(path) });
  }
}

/** A failed refill in the background is tried again by the next start, which then reports it. */
function ignoreUntilNeeded(): void {
  return undefined;
}

/** Does not wait for a writer. */
export function openForReading(path: string): number {
  return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
}

/** Gives up a FIFO that is not needed after all. */
export function discardFifo(fifo: Fifo): void {
  closeSync(fifo.readFd);
  try {
    unlinkSync(fifo.path);
  } catch {
    // The launcher came as far as opening it.
  }
}

export interface FifoReader {
  /** Resolves when nobody can write any more, or after `destroy`. */
  readonly ended: Promise<void>;
  destroy(): void;
}

/** Reads to the end, from when there is a writer; `take` must be done with the bytes when it returns. */
export function readFifo(readFd: number, take: (bytes: Uint8Array) => void): FifoReader {
  const socket = new Socket({
    fd: readFd,
    readable: true,
    writable: false,
    onread: {
      buffer: shared,
      callback: (length, bytes) => {
        take(bytes.subarray(0, length));
        return true;
      },
    },
  });
  const ended = new Promise<void>((resolve) => {
    socket.on("close", () => resolve());
  });
  socket.on("error", () => socket.destroy());
  socket.on("end", () => socket.destroy());
  socket.resume();
  return { ended, destroy: () => void socket.destroy() };
}
