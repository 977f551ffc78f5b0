/** Bytes that come in pieces, kept up to a cap: in one block, so that who sends them one by one costs no more. */

/** Enough for most; more is made as it is needed. */
const FIRST_BYTES = 1_024;
const NOTHING = Buffer.alloc(0);

export class CappedBytes {
  readonly #max: number;
  #block = NOTHING;
  #count = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** How many came, kept or not. */
  get count(): number {
    return this.#count;
  }

  /** All that came; none once it was more than the cap. */
  get bytes(): Buffer {
    return this.#count > this.#max ? NOTHING : this.#block.subarray(0, this.#count);
  }

  push(piece: Uint8Array): void {
    const at = this.#count;
    this.#count += piece.length;
    if (this.#count > this.#max) {
      this.#block = NOTHING;
      return;
    }
    if (this.#count > this.#block.length) this.#grow();
    this.#block.set(piece, at);
  }

  #grow(): void {
    const wanted = Math.max(FIRST_BYTES, this.#count, 2 * this.#block.length);
    const block = Buffer.alloc(Math.min(this.#max, wanted));
    block.set(this.#block);
    this.#block = block;
  }
}
