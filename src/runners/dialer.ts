/** Looks for a runner: dials its socket, hears when one appears, and waits longer from failure to failure. */
import type { FSWatcher } from "node:fs";
import { Socket } from "node:net";
import { causeChain } from "../base/errors.ts";
import { delayMs } from "../guard/retry.ts";
import { dial, watchArrival } from "./dial.ts";
import { systemCode } from "./faults.ts";

/** The socket exists some microseconds before it listens, so the first tries are close together. */
const REDIAL = { firstMs: 4, maxMs: 5_000 };
/** Where the folder is watched, a socket that is not there yet is heard of when it comes; this is for a watch that fails. */
const UNTIL_THERE = { firstMs: 250, maxMs: 5_000 };
/** After a refusal that the next seconds will not change. */
const AFTER_REFUSAL = { firstMs: 5_000, maxMs: 30_000 };
const NOBODY_LISTENS = ["ENOENT", "ECONNREFUSED"];

export interface DialerParts {
  readonly folder: string;
  randomness(): number;
  /** While false, whatever asks for a dial is passed over. */
  wanted(): boolean;
  /** The socket is the caller's from now on. */
  reached(socket: Socket): void;
  /** Nobody listens: what was begun before the runner may lie in the folder. */
  absent(): void;
  /** Why it cannot be used; a runner that is not there is no trouble. Told once for each reason. */
  trouble(cause: string): void;
}

/** INVARIANT: one dial at a time. */
export class Dialer {
  readonly #parts: DialerParts;
  #watcher: FSWatcher | null = null;
  #timer: NodeJS.Timeout | undefined;
  #dialing = false;
  /** It was asked for while a dial was under way that may not have seen why. */
  #missed = false;
  #lastUnmet = "";
  #failures = 0;
  #closed = false;

  constructor(parts: DialerParts) {
    this.#parts = parts;
  }

  /** Dials now, on another folder perhaps: what was watched may be gone. */
  kick(): void {
    this.stopWatching();
    this.#dialAtOnce();
  }

  /** After a conversation: at once when it was a good one, else by how often there was none. */
  again(ended: "well" | "lost" | "refused"): void {
    if (ended === "well") this.#dialAtOnce();
    else this.#dialLater(ended === "lost" ? REDIAL : AFTER_REFUSAL);
  }

  stopWatching(): void {
    this.#watcher?.close();
    this.#watcher = null;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.stopWatching();
  }

  #dialAtOnce(): void {
    this.#failures = 0;
    if (this.#parts.wanted()) this.#dialIn(0);
  }

  /** The longer, the more failures there were in a row. */
  #dialLater(policy: typeof REDIAL): void {
    this.#dialIn(delayMs(policy, this.#failures++, () => this.#parts.randomness()));
  }

  #dialIn(ms: number): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#dial(), ms);
  }

  async #dial(): Promise<void> {
    if (this.#closed || !this.#parts.wanted()) return;
    if (this.#dialing) {
      this.#missed = true;
      return;
    }
    this.#dialing = true;
    this.#missed = false;
    // Watched before dialled: a socket that appears in between is seen by one of the two.
    this.#watch();
    const reached = await dial(this.#parts.folder).catch((thrown: unknown) => {
      this.#unmet(thrown);
      const watched = this.#watcher !== null && !this.#missed;
      return watched && systemCode(thrown) === "ENOENT" ? UNTIL_THERE : REDIAL;
    });
    this.#dialing = false;
    if (reached instanceof Socket) {
      if (this.#closed) reached.destroy();
      else this.#parts.reached(reached);
    } else this.#dialLater(reached);
  }

  /** That nothing listens is the common case while a container starts. */
  #unmet(thrown: unknown): void {
    const code = systemCode(thrown) ?? String(thrown);
    if (NOBODY_LISTENS.includes(code)) return this.#parts.absent();
    if (code === this.#lastUnmet) return;
    this.#lastUnmet = code;
    this.#parts.trouble(causeChain(thrown));
  }

  #watch(): void {
    this.#watcher ??= watchArrival(this.#parts.folder, {
      arrived: () => this.#dialAtOnce(),
      told: () => {
        if (this.#parts.wanted()) this.#parts.absent();
      },
      ended: () => this.stopWatching(),
    });
  }
}
