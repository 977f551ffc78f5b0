/** Finds where the last n lines of a query begin, reading back no further than it must. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { segmentName } from "../protocol/segment.ts";
import { isAbsent } from "./faults.ts";
import { Merge } from "./merge.ts";
import type { Start } from "./place.ts";
import { matches, type OutputContext } from "./query.ts";
import { listSegments, type Run } from "./runs.ts";

/** Longer tails are cut to this; each line remembered while counting costs a few hundred bytes. */
const MAX_TAIL = 100_000;
/** What is read back at first: a few lines are usually among the last of it. */
const FIRST_BYTES = 262_144;
const BYTES_PER_LINE = 256;
/** Opening a file costs about as much as reading this: a crash loop leaves hundreds of tiny ones. */
const BYTES_PER_FILE = 16_384;
/** Folders listed at once. */
const AT_ONCE = 16;
const WIDEN = 8;

export interface TailOptions extends OutputContext {
  readonly runs: readonly Run[];
  readonly start: Start;
  readonly tail: number;
}

/**
 * Reads only output younger than some time, and counts; too few, and it goes further back. That time is guessed from
 * the files' sizes and dates, but the count is of true lines: a wrong guess costs a second look, never a line.
 */
export async function tailStart(options: TailOptions): Promise<Start> {
  const wanted = Math.min(Math.max(options.tail, 0), MAX_TAIL);
  const extents = await extentsOf(options.runs);
  for (let budget = FIRST_BYTES + wanted * BYTES_PER_LINE; ; budget *= WIDEN) {
    const floor = floorOf(extents, budget);
    const found = await lastLines(options, floor, wanted);
    if (found !== null) return found;
    if (floor === null || floor <= options.start.key) return options.start;
  }
}

/** The start just before the last `wanted` lines after `floor`; null when there are not more lines than that. */
async function lastLines(
  options: TailOptions,
  floor: number | null,
  wanted: number,
): Promise<Start | null> {
  const { query, signal, runs } = options;
  const start =
    floor === null || floor <= options.start.key
      ? options.start
      : { key: floor, run: "", place: null };
  const now = (): number => options.now();
  const keepUnfinished = query.follow && !query.previous;
  const merge = new Merge({
    start,
    since: query.since,
    follow: false,
    endless: false,
    keepUnfinished,
    now,
  });
  const ring: Start[] = [];
  let count = 0;
  try {
    merge.add(runs);
    for (
      let next = await merge.next();
      typeof next !== "string" && !signal.aborted;
      next = await merge.next()
    ) {
      if (!matches(next, query)) continue;
      ring[count % (wanted + 1)] = {
        key: next.line.key,
        run: next.run.meta.run,
        place: next.line.place,
      };
      count += 1;
    }
  } finally {
    await merge.close();
  }
  return count > wanted ? (ring[count % (wanted + 1)] ?? null) : null;
}

interface Extent {
  readonly bytes: number;
  readonly writtenAt: number;
}

/** Sizes and dates of every segment, youngest first. */
async function extentsOf(runs: readonly Run[]): Promise<readonly Extent[]> {
  const extents: Extent[] = [];
  for (let from = 0; from < runs.length; from += AT_ONCE) {
    const some = await Promise.all(runs.slice(from, from + AT_ONCE).map(extentsOfRun));
    extents.push(...some.flat());
  }
  return extents.toSorted((a, b) => b.writtenAt - a.writtenAt);
}

async function extentsOfRun(run: Run): Promise<readonly Extent[]> {
  const extents: Extent[] = [];
  for (const segment of await listSegments(run.folder)) {
    const found = await stat(join(run.folder, segmentName(segment))).catch(absentIsNull);
    if (found !== null) extents.push({ bytes: found.size, writtenAt: Math.ceil(found.mtimeMs) });
  }
  return extents;
}

/** The date of the youngest segment that does not fit into the budget; null when all do. */
function floorOf(extents: readonly Extent[], budget: number): number | null {
  let sum = 0;
  for (const [at, { bytes, writtenAt }] of extents.entries()) {
    const cost = bytes + BYTES_PER_FILE;
    if (at > 0 && sum + cost > budget) return writtenAt;
    sum += cost;
  }
  return null;
}

function absentIsNull(thrown: unknown): null {
  if (isAbsent(thrown)) return null;
  throw thrown;
}
