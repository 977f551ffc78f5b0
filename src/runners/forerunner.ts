/** Stands for a runner that has not come yet: the launcher has begun its agents, and starts it when it is called. */
import { timedOut, unreachable } from "./faults.ts";
import { callRunner, readBegun, type Begun } from "./first-starts.ts";
import type { RunnersOptions } from "./options.ts";

/** A runner that was called is there after some tens of milliseconds; on a machine that is overrun, seconds. */
const COMES_WITHIN_MS = 30_000;

export interface ForerunnerParts {
  readonly project: string;
  readonly folder: string;
  readonly runners: Pick<RunnersOptions, "calm">;
  /** What has begun, for the first time after a start of the container. */
  told(begun: Begun): void;
  /** Something of it has ended. */
  changed(begun: Begun): void;
  /** The runner never came. */
  lost(): void;
}

export interface Forerunner {
  /** Looks whether a launcher has told of first starts. */
  look(): void;
  /** Between `told` and the runner's arrival. */
  there(): boolean;
  /** Calls the runner; resolves when it is there, rejects transient `runners.timeout` after `timeoutMs`. */
  call(timeoutMs: number): Promise<void>;
  /** The runner is there; answers whether it stood for it until now. */
  arrived(): boolean;
  /** Another start is about to come. */
  forget(): void;
  close(): void;
}

/** INVARIANT: between `told` and `arrived`, `lost` or `forget` it is there; at most one look is under way. */
export function createForerunner(parts: ForerunnerParts): Forerunner {
  return new FolderForerunner(parts);
}

class FolderForerunner implements Forerunner {
  readonly #parts: ForerunnerParts;
  #there = false;
  /** Its runner came, or never did: what the files say is of the past. */
  #over = false;
  #called = false;
  /** Processes that have not ended. */
  #running = 0;
  /** Counts starts: a look that began before another start says nothing of it. */
  #start = 0;
  #looking = false;
  /** A look was asked for while one was under way. */
  #again = false;
  #patience: NodeJS.Timeout | undefined;
  readonly #callers = new Set<(failure: Error | null) => void>();

  constructor(parts: ForerunnerParts) {
    this.#parts = parts;
  }

  look(): void {
    this.#again = true;
    if (!this.#looking) void this.#look();
  }

  there(): boolean {
    return this.#there;
  }

  call(timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const { project } = this.#parts;
      const end = (failure: Error | null): void => {
        clearTimeout(timer);
        this.#callers.delete(end);
        if (failure === null) resolve();
        else reject(failure);
      };
      const timer = setTimeout(() => end(timedOut(project, "its call", timeoutMs)), timeoutMs);
      this.#callers.add(end);
      this.#callNow();
    });
  }

  arrived(): boolean {
    const stood = this.#there;
    this.#over = true;
    this.#end(null);
    return stood;
  }

  forget(): void {
    this.#start += 1;
    this.#over = false;
    const stood = this.#there;
    this.#end(unreachable(this.#parts.project, "its container starts anew"));
    if (stood) this.#parts.lost();
  }

  close(): void {
    this.#start += 1;
    this.#end(unreachable(this.#parts.project, "the connection was given up"));
  }

  async #look(): Promise<void> {
    this.#looking = true;
    while (this.#again && !this.#over) {
      this.#again = false;
      const start = this.#start;
      const begun = await readBegun(this.#parts.folder);
      if (begun !== null && start === this.#start) this.#hear(begun);
    }
    this.#looking = false;
  }

  #hear(begun: Begun): void {
    if (this.#over) return;
    const running = begun.agents.filter(({ pid }) => pid !== null).length;
    const before = this.#running;
    this.#running = running;
    if (this.#there) {
      if (running !== before) this.#parts.changed(begun);
      return;
    }
    this.#there = true;
    this.#called = false;
    this.#parts.told(begun);
    void this.#callWhenCalm(this.#start);
  }

  async #callWhenCalm(start: number): Promise<void> {
    await this.#parts.runners.calm();
    if (start === this.#start && this.#there) this.#callNow();
  }

  #callNow(): void {
    if (this.#called) return;
    this.#called = true;
    void callRunner(this.#parts.folder);
    this.#patience = setTimeout(() => {
      this.#over = true;
      this.#end(unreachable(this.#parts.project, "its runner did not come"));
      this.#parts.lost();
    }, COMES_WITHIN_MS);
  }

  #end(failure: Error | null): void {
    this.#there = false;
    clearTimeout(this.#patience);
    for (const end of this.#callers) end(failure);
  }
}
