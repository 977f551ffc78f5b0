/** Asks an agent whether it is well, by running its health command beside it. */
import type { HealthSpec } from "../model/agent.ts";
import type { Alarm, Clock } from "./clock.ts";
import type { ShortOutcome } from "./command.ts";

/** The first look comes soon, so that a healthy agent is ready soon; while starting, looks are at most this far apart. */
const FIRST_LOOK_MS = 100;
const STARTING_LOOK_MS = 1_000;

export interface HealthListener {
  healthy(): void;
  unhealthy(reason: string): void;
}

export interface HealthParts {
  readonly spec: HealthSpec;
  readonly clock: Clock;
  readonly check: () => Promise<ShortOutcome>;
  readonly listener: HealthListener;
}

/**
 * INVARIANTS: at most one check runs at a time. Failures before the first success and within the start period, and the very
 * first early look, do not count. `unhealthy` is told once per illness, `healthy` once per recovery.
 */
export class HealthWatch {
  readonly #parts: HealthParts;
  readonly #bornAt: number;
  #alarm: Alarm | null = null;
  #stopped = false;
  #state: "unknown" | "healthy" | "unhealthy" = "unknown";
  #failures = 0;
  #looks = 0;

  constructor(parts: HealthParts) {
    this.#parts = parts;
    this.#bornAt = parts.clock.lived();
    this.#lookAfter(Math.min(FIRST_LOOK_MS, parts.spec.intervalMs));
  }

  stop(): void {
    this.#stopped = true;
    this.#alarm?.cancel();
  }

  #lookAfter(ms: number): void {
    if (this.#stopped) return;
    this.#alarm = this.#parts.clock.after(ms, () => void this.#look());
  }

  async #look(): Promise<void> {
    const starting = this.#starting();
    const outcome = await this.#parts.check();
    this.#looks += 1;
    if (this.#stopped) return;
    if (outcome.ok) this.#pass();
    else if (!starting && this.#looks > 1) this.#fail(outcome.reason);
    const { intervalMs } = this.#parts.spec;
    this.#lookAfter(this.#starting() ? Math.min(STARTING_LOOK_MS, intervalMs) : intervalMs);
  }

  #starting(): boolean {
    const age = this.#parts.clock.lived() - this.#bornAt;
    return this.#state === "unknown" && age < this.#parts.spec.startPeriodMs;
  }

  #pass(): void {
    this.#failures = 0;
    if (this.#state === "healthy") return;
    this.#state = "healthy";
    this.#parts.listener.healthy();
  }

  #fail(reason: string): void {
    this.#failures += 1;
    if (this.#state === "unhealthy" || this.#failures < this.#parts.spec.retries) return;
    this.#state = "unhealthy";
    this.#parts.listener.unhealthy(reason);
  }
}
