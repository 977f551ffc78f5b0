/** Spare FIFOs, made ahead so that starting an agent does not wait for one. */
import { execFile } from "node:child_process";
import { closeSync, constants, mkdirSync, openSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const BUSYBOX = "/.berth/bin/busybox";
/** Two a start; six starts at once without waiting, twelve descriptors' worth. */
const SPARE = 12;
const REFILL_BELOW = 6;
const MKFIFO_DEADLINE_MS = 10_000;

/** Both ends of a FIFO that has no name any more. The write end is given to the agent's uid and passed to it. */
export interface Fifo {
  readonly readFd: number;
  readonly writeFd: number;
}

const run = promisify(execFile);

/** FIFOs, because on Node's own pipes (sockets) /dev/stdout fails with ENXIO, and a plain file could be truncated by the agent. */
export class FifoPool {
  readonly #folder: string;
  #spare: Fifo[] = [];
  #made = 0;
  #refilling: Promise<void> | null = null;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  /** Two FIFOs, at once when spares are there. */
  async takePair(): Promise<readonly [Fifo, Fifo]> {
    for (;;) {
      const [out, err, ...rest] = this.#spare;
      if (out !== undefined && err !== undefined) {
        this.#spare = rest;
        if (rest.length < REFILL_BELOW) this.refill().catch(ignoreUntilNeeded);
        return [out, err];
      }
      await this.refill();
    }
  }

  /** Brings the spares up to their number; one at a time. */
  refill(): Promise<void> {
    this.#refilling ??= this.#make(SPARE - this.#spare.length).finally(() => {
      this.#refilling = null;
    });
    return this.#refilling;
  }

  async #make(count: number): Promise<void> {
    const paths = Array.from({ length: count }, () => join(this.#folder, String(this.#made++)));
    await run(BUSYBOX, ["mkfifo", "-m", "600", ...paths], {
      env: {},
      timeout: MKFIFO_DEADLINE_MS,
      killSignal: "SIGKILL",
    });
    for (const path of paths) this.#spare.push(openBoth(path));
  }
}

/** A failed refill in the background is tried again by the next start, which then reports it. */
function ignoreUntilNeeded(): void {
  return undefined;
}

function openBoth(path: string): Fifo {
  const readFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writeFd = openSync(path, constants.O_WRONLY);
  unlinkSync(path);
  return { readFd, writeFd };
}

/** Closes both ends of a FIFO that is not needed after all. */
export function discardFifo(fifo: Fifo): void {
  closeSync(fifo.readFd);
  closeSync(fifo.writeFd);
}
