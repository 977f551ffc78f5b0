/** Places in a run's output, and the cursor that names one to the outside. */
import { BerthError } from "../base/errors.ts";

/** The next unread byte of one stream: `skip` bytes into the body of the record at `offset` of a segment. */
export interface Place {
  readonly segment: number;
  readonly offset: number;
  readonly skip: number;
  /** Output bytes of the run before this record, or -1 when unknown. */
  readonly seen: number;
}

/** Where to go on in one run: each stream on its own, because a line of one may span many records of the other. */
export interface RunPlace {
  readonly stdout: Place;
  readonly stderr: Place;
}

/** Output is ordered by (key, run); a start lets everything greater through. `place` is exact within its own run. */
export interface Start {
  readonly key: number;
  readonly run: string;
  readonly place: RunPlace | null;
}

const NUMBER = "(-?\\d{1,16})";
const CURSOR = new RegExp(`^${NUMBER}\\.([A-Za-z0-9_-]{1,64})${`\\.${NUMBER}`.repeat(8)}$`);

/** The earlier of two places. */
export function earlier(a: Place, b: Place): Place {
  return comparePlaces(a, b) <= 0 ? a : b;
}

/** Negative when `a` comes first; places in one record compare as equal whatever they skip. */
export function comparePlaces(
  a: Pick<Place, "segment" | "offset">,
  b: Pick<Place, "segment" | "offset">,
): number {
  return a.segment - b.segment || a.offset - b.offset;
}

export function cursorOf(key: number, run: string, place: RunPlace): string {
  const { stdout, stderr } = place;
  const numbers = [stdout, stderr].flatMap(({ segment, offset, skip, seen }) => [
    segment,
    offset,
    skip,
    seen,
  ]);
  return [key, run, ...numbers].join(".");
}

/** Throws usage `runners.cursor-unreadable` for text that is no cursor of ours. */
export function startOfCursor(cursor: string): Start {
  const found = CURSOR.exec(cursor);
  if (found === null) {
    throw new BerthError("usage", {
      code: "runners.cursor-unreadable",
      detail: `${JSON.stringify(cursor.slice(0, 100))} is no position in any output`,
      hint: "pass the cursor of a line as it was given",
    });
  }
  const [, key = "0", run = "", ...numbers] = found;
  const [a = 0, b = 0, c = 0, d = -1, e = 0, f = 0, g = 0, h = -1] = numbers.map(Number);
  const stdout = { segment: a, offset: b, skip: c, seen: d };
  const stderr = { segment: e, offset: f, skip: g, seen: h };
  return { key: Number(key), run, place: { stdout, stderr } };
}
