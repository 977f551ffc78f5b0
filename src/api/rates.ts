/** How many requests each token may make: a bucket that fills by the second, for each token its own. */

interface Bucket {
  left: number;
  filledAt: number;
}

interface Limits {
  readonly perSecond: number;
  readonly burst: number;
  /** Milliseconds that never jump. */
  readonly elapsed: () => number;
}

/** Buckets kept; those that are full again are forgotten first. */
const BUCKETS_MAX = 1_024;

export class Rates {
  readonly #limits: Limits;
  readonly #buckets = new Map<string, Bucket>();

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Takes one request out of the token's bucket: 0, or the milliseconds until there is one again. */
  take(token: string): number {
    const { perSecond, burst, elapsed } = this.#limits;
    const now = elapsed();
    const bucket = this.#buckets.get(token) ?? { left: burst, filledAt: now };
    bucket.left = Math.min(burst, bucket.left + ((now - bucket.filledAt) / 1_000) * perSecond);
    bucket.filledAt = now;
    if (!this.#buckets.has(token)) this.#keep(token, bucket);
    if (bucket.left < 1) return Math.ceil(((1 - bucket.left) / perSecond) * 1_000);
    bucket.left -= 1;
    return 0;
  }

  #keep(token: string, bucket: Bucket): void {
    // the oldest one goes: it was made first, and a token that is used all the time only gets its burst once more
    const [first] = this.#buckets.keys();
    if (this.#buckets.size >= BUCKETS_MAX && first !== undefined) this.#buckets.delete(first);
    this.#buckets.set(token, bucket);
  }
}
