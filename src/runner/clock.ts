/** Time as an agent lives it: a frozen container's time does not count, so deadlines shift by it. */

/** How often the clock looks at itself; a longer gap than TICK + SLACK was a freeze, not a busy machine. */
const TICK_MS = 1_000;
const SLACK_MS = 1_000;
/** A longer timer would ring at once. */
const MAX_TIMER_MS = 2_147_483_647;

export interface ClockSource {
  /** Milliseconds that never go back. */
  monotonic(): number;
  /** Milliseconds since the epoch. */
  wall(): number;
}

/** Milliseconds that never go back. Not `performance`: the first use of it loads eleven modules, 0.7 ms of every start. */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1e6;
}

const REAL: ClockSource = { monotonic: monotonicMs, wall: () => Date.now() };

export interface Alarm {
  cancel(): void;
}

export class Clock {
  readonly #source: ClockSource;
  #frozenMs = 0;
  #lastTick: number;
  /** What the last noticed freeze was counted as; the daemon's own figure for it is not added twice. */
  #lastFreezeMs = 0;
  #ticker: NodeJS.Timeout | null = null;

  constructor(source: ClockSource = REAL) {
    this.#source = source;
    this.#lastTick = source.monotonic();
  }

  now(): number {
    return this.#source.wall();
  }

  /** Milliseconds lived, without frozen time. */
  lived(): number {
    this.notice();
    return this.#source.monotonic() - this.#frozenMs;
  }

  start(): void {
    this.#ticker = setInterval(() => this.notice(), TICK_MS);
    this.#ticker.unref();
  }

  stop(): void {
    if (this.#ticker !== null) clearInterval(this.#ticker);
  }

  /** Looks whether a tick was missed by far: then the container was frozen meanwhile. */
  notice(): void {
    const now = this.#source.monotonic();
    const gap = now - this.#lastTick;
    this.#lastTick = now;
    if (gap <= TICK_MS + SLACK_MS) return;
    this.#lastFreezeMs = gap - TICK_MS;
    this.#frozenMs += this.#lastFreezeMs;
  }

  /** The daemon's word on how long it was; only what was not noticed already is added. */
  thawed(frozenMs: number): void {
    this.notice();
    const missing = Math.max(0, frozenMs - this.#lastFreezeMs);
    this.#lastFreezeMs = 0;
    this.#frozenMs += missing;
  }

  /** Calls `ring` after so much lived time. */
  after(ms: number, ring: () => void): Alarm {
    const due = this.lived() + ms;
    let timer: NodeJS.Timeout;
    const arm = (rest: number): void => {
      timer = setTimeout(
        () => {
          const left = due - this.lived();
          if (left > 1) arm(left);
          else ring();
        },
        Math.min(rest, MAX_TIMER_MS),
      );
    };
    arm(ms);
    return { cancel: () => clearTimeout(timer) };
  }
}
