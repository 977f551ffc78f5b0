/** A run's memory over time in few points: its container's working set, seldom looked at, never without the peak that was seen. */
import { CURVE_POINTS, type MemoryCurve } from "../model/run.ts";

/**
 * Between the first looks; it doubles whenever the points have become too many, so a curve spans any run. A look takes
 * 0.5 ms of CPU, most of it the kernel's, in each of the projects that start together.
 */
const FIRST_MS = 250;
/** The last point is the run's end. */
const MAX_POINTS = CURVE_POINTS - 1;

export interface CurveSource {
  /** Bytes; null: this kernel does not tell. */
  look(): number | null;
  /** Milliseconds that never go back. */
  lived(): number;
}

export class CurveRecorder {
  readonly #source: CurveSource;
  readonly #bornAt: number;
  #points: (readonly [number, number])[] = [];
  #everyMs = FIRST_MS;
  #timer: NodeJS.Timeout | null = null;

  /** Begins with a point. */
  constructor(source: CurveSource) {
    this.#source = source;
    this.#bornAt = source.lived();
    this.#look();
    this.#arm();
  }

  /** Takes the last point, once. */
  end(): void {
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#look();
  }

  /** After the end. `reached`: what it came to at its end however few looks there were, as the limit it was killed at. */
  points(reached: number | null): MemoryCurve {
    const last = this.#points.at(-1);
    if (reached === null || last === undefined) return this.#points;
    return [...this.#points.slice(0, -1), [last[0], Math.max(reached, last[1])]];
  }

  #arm(): void {
    this.#timer = setTimeout(() => {
      this.#look();
      if (this.#points.length >= MAX_POINTS) this.#thin();
      this.#arm();
    }, this.#everyMs);
    this.#timer.unref();
  }

  #look(): void {
    const bytes = this.#source.look();
    if (bytes !== null) this.#add(bytes);
  }

  #add(bytes: number): void {
    this.#points.push([Math.max(0, Math.round(this.#source.lived() - this.#bornAt)), bytes]);
  }

  /** Of each two points the higher one stays, the first of all in any case. */
  #thin(): void {
    const [first, ...rest] = this.#points;
    if (first === undefined) return;
    const kept = [first];
    for (let at = 0; at < rest.length; at += 2) {
      const [one, other] = [rest[at], rest[at + 1]];
      if (one !== undefined) kept.push(other !== undefined && other[1] > one[1] ? other : one);
    }
    this.#points = kept;
    this.#everyMs *= 2;
  }
}
