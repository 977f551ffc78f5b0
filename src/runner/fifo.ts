/** Spare FIFOs, made ahead so that starting an agent does not wait for one. */
import { execFile } from "node:child_process";
import { closeSync, constants, mkdirSync, openSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const BUSYBOX = "/.berth/bin/busybox";
/** Two a start of a service: six starts at once without waiting. */
const SPARE = 12;
/** Three a start of a task; making 36 costs as long as one task takes, so that one being made is never waited for. */
export const SPARE_FOR_TASKS = 72;
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
  #target = SPARE;
  #made = 0;
  #refilling: Promise<void> | null = null;

  constructor(folder: string) {
    this.#folder = folder;
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
    await makeFifos(paths);
    for (const path of paths) this.#spare.push(openBoth(path));
  }
}

/** Named FIFOs for root alone. Node has no call for it, our busybox has. */
export async function makeFifos(paths: readonly string[]): Promise<void> {
  await run(BUSYBOX, ["mkfifo", "-m", "600", ...paths], {
    env: {},
    timeout: MKFIFO_DEADLINE_MS,
    killSignal: "SIGKILL",
  });
}

/** A failed refill in the background is tried again by the next start, which then reports it. */
function ignoreUntilNeeded(): void {
  return undefined;
}

function openBoth(path: string): Fifo {
  const fifo = openEnds(path);
  unlinkSync(path);
  return fifo;
}

/** Opens the reading end first: opening the other then does not wait. */
export function openEnds(path: string): Fifo {
  const readFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return { readFd, writeFd: openSync(path, constants.O_WRONLY) };
}

/** Closes both ends of a FIFO that is not needed after all. */
export function discardFifo(fifo: Fifo): void {
  closeSync(fifo.readFd);
  closeSync(fifo.writeFd);
}
