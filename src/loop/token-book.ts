/** Live tokens in memory, read again when the last look at them is too old; no look, no query. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { isLive, type TokenView } from "../model/access.ts";
import type { LiveToken } from "../postgres/token-door.ts";

/** Revocation is promised within 1 s, wherever it was asked for; a read takes a few ms. */
const FRESH_MS = 400;
/** With Postgres away nothing can be revoked either; tokens known before go on for this long, so that an outage can be watched. */
const STALE_MS = 600_000;
const SECRET_BYTES = 32;
const TEXT = /^berth_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;

export interface NewSecret {
  readonly id: string;
  /** What its bearer shows. */
  readonly text: string;
  /** What is kept: SHA-256 of the secret's bytes, in hex. */
  readonly hash: string;
}

/** A new token: a public id and 256 random bits. */
export function newSecret(): NewSecret {
  const id = randomBytes(6).toString("hex");
  const secret = randomBytes(SECRET_BYTES).toString("base64url");
  return { id, text: `berth_${id}_${secret}`, hash: hashOf(secret).toString("hex") };
}

interface Facts {
  readonly read: () => Promise<readonly LiveToken[]>;
  /** Milliseconds since the epoch, for expiry. */
  readonly now: () => number;
  /** Milliseconds that never jump, for ages. */
  readonly elapsed: () => number;
}

/** Answers who bears a token. */
export class TokenBook {
  readonly #facts: Facts;
  #known: ReadonlyMap<string, LiveToken> | null = null;
  #readAt = -Infinity;
  /** Rises with each change made here; a read that began before one does not show it. */
  #changes = 0;
  #reading: Promise<void> | null = null;
  #failing = false;

  constructor(facts: Facts) {
    this.#facts = facts;
  }

  /** The live token of this text; null when there is none. Throws what reading throws while nothing is known. */
  async bearerOf(text: string): Promise<TokenView | null> {
    const parts = TEXT.exec(text);
    if (parts === null) return null;
    const found = (await this.#current()).get(parts[1] ?? "");
    if (found === undefined || !isLive(found, this.#facts.now())) return null;
    // found by its public id; the secret is compared as hashes of one length, in constant time
    if (!timingSafeEqual(hashOf(parts[2] ?? ""), Buffer.from(found.hash, "hex"))) return null;
    const { hash: _hash, ...view } = found;
    return view;
  }

  async isLive(id: string): Promise<boolean> {
    const found = (await this.#current()).get(id);
    return found !== undefined && isLive(found, this.#facts.now());
  }

  /** The next look reads again: something was changed here. */
  forget(): void {
    this.#changes += 1;
    this.#readAt = -Infinity;
    this.#reading = null;
  }

  async #current(): Promise<ReadonlyMap<string, LiveToken>> {
    const age = this.#facts.elapsed() - this.#readAt;
    if (this.#known !== null && age < FRESH_MS) return this.#known;
    const reading = (this.#reading ??= this.#read());
    // while reads fail, nobody waits for the next failure
    if (this.#known !== null && this.#failing && age < STALE_MS) {
      reading.catch(() => undefined);
      return this.#known;
    }
    try {
      await reading;
    } catch (error) {
      if (this.#known === null || age >= STALE_MS) throw error;
    }
    return this.#known ?? new Map();
  }

  async #read(): Promise<void> {
    const asked = this.#facts.elapsed();
    const changes = this.#changes;
    try {
      const rows = await this.#facts.read();
      if (changes !== this.#changes) return;
      this.#known = new Map(rows.map((row) => [row.id, row]));
      this.#readAt = asked;
      this.#failing = false;
    } catch (error) {
      this.#failing = true;
      throw error;
    } finally {
      if (changes === this.#changes) this.#reading = null;
    }
  }
}

function hashOf(secret: string): Buffer {
  return createHash("sha256").update(Buffer.from(secret, "base64url")).digest();
}
