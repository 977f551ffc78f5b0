/** What stays open longer than a request: it ends when its token does. */
import type { Daemon } from "../loop/daemon.ts";
import type { Bounds } from "./bounds.ts";

/** Looks at the tokens of open streams and terminals; while none is open, at nothing. */
export class TokenWatch {
  readonly #isLive: Daemon["isTokenLive"];
  readonly #lookMs: number;
  readonly #open = new Map<string, Set<() => void>>();
  #timer: NodeJS.Timeout | null = null;

  constructor(isLive: Daemon["isTokenLive"], { tokenLookMs }: Pick<Bounds, "tokenLookMs">) {
    this.#isLive = isLive;
    this.#lookMs = tokenLookMs;
  }

  /** `end` is called when the token opens nothing any more; answers how to stop watching. A null token never ends. */
  add(token: string | null, end: () => void): () => void {
    if (token === null) return () => undefined;
    const ends = this.#open.get(token) ?? new Set();
    this.#open.set(token, ends.add(end));
    if (this.#timer === null) this.#timer = this.#next();
    return () => {
      ends.delete(end);
      if (ends.size === 0 && this.#open.get(token) === ends) this.#open.delete(token);
    };
  }

  #next(): NodeJS.Timeout {
    return setTimeout(() => void this.#look(), this.#lookMs).unref();
  }

  async #look(): Promise<void> {
    for (const [token, ends] of this.#open) {
      // while nobody can tell, nothing goes on that may have been forbidden
      const live = await this.#isLive(token).catch(() => false);
      if (!live) for (const end of ends) end();
    }
    this.#timer = this.#open.size === 0 ? null : this.#next();
  }
}
