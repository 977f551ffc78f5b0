/** The runs whose output a spool holds, and the segments each still has. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  decodeRecords,
  MAX_HEADER_BYTES,
  segmentName,
  segmentNumber,
} from "../protocol/segment.ts";
import { isRunId, META_FILE, parseRunMeta, RUNS_FOLDER, type RunMeta } from "../protocol/spool.ts";
import type { OutputQuery } from "./door.ts";
import { isAbsent, systemCode } from "./faults.ts";
import { readWhole } from "./read-file.ts";

const MAX_META_BYTES = 65_536;
/** Meta files read at once while listing. */
const AT_ONCE = 16;

export interface Run {
  readonly meta: RunMeta;
  readonly folder: string;
  /** Its process is gone for certain: a later run took its slot, or a later boot its container. */
  readonly over: boolean;
}

/** Remembers meta files, which never change, so that listing again only reads new ones. */
export type RunMemory = Map<string, RunMeta>;

/** Every run, by start; a spool without any has none. */
export async function listRuns(
  spool: string,
  memory: RunMemory = new Map(),
): Promise<readonly Run[]> {
  const folder = join(spool, RUNS_FOLDER);
  const names = (await readdir(folder).catch(absentIsNone)).filter(isRunId);
  const unknown = names.filter((name) => !memory.has(name));
  for (let from = 0; from < unknown.length; from += AT_ONCE) {
    await Promise.all(
      unknown.slice(from, from + AT_ONCE).map((name) => remember(join(folder, name), name, memory)),
    );
  }
  const metas = names.flatMap((name) => memory.get(name) ?? []).toSorted(byStart);
  const newestBoot = metas.findLast((meta) => meta.boot !== "")?.boot;
  const newestInSlot = new Map(metas.map((meta) => [slotOf(meta), meta.run]));
  return metas.map((meta) => ({
    meta,
    folder: join(folder, meta.run),
    over: meta.boot !== newestBoot || newestInSlot.get(slotOf(meta)) !== meta.run,
  }));
}

/** Those runs a query asks for. */
export function selectRuns(
  runs: readonly Run[],
  query: Pick<OutputQuery, "agent" | "replica" | "run" | "previous">,
): readonly Run[] {
  const matching = runs.filter(
    ({ meta }) =>
      (query.agent === null || meta.agent === query.agent) &&
      (query.replica === undefined || meta.replica === query.replica) &&
      (query.run === null || meta.run === query.run),
  );
  if (!query.previous) return matching;
  const bySlot = Map.groupBy(matching, ({ meta }) => slotOf(meta));
  return [...bySlot.values()]
    .flatMap((ofSlot) => ofSlot.at(-2) ?? [])
    .toSorted((a, b) => byStart(a.meta, b.meta));
}

/** Numbers of the segments still there, ascending. */
export async function listSegments(folder: string): Promise<readonly number[]> {
  const names = await readdir(folder).catch(absentIsNone);
  return names.flatMap((name) => segmentNumber(name) ?? []).toSorted((a, b) => a - b);
}

/** When the first record of a segment was written; null when it has none, or is gone. */
export async function firstAt(folder: string, segment: number): Promise<number | null> {
  const path = join(folder, segmentName(segment));
  // The first record is a `b` of a few bytes, or a chunk whose header is all we need.
  const bytes = await readWhole(path, 3 * MAX_HEADER_BYTES).catch(noFileIsEmpty);
  const [first] = decodeRecords(bytes).records;
  if (first !== undefined) return first.at;
  const stamp = /^(\d{1,16}) [oebx] /.exec(bytes.toString("latin1"))?.[1];
  return stamp === undefined ? null : Number(stamp);
}

/** When the newest segment was last written to; 0 without any. */
export async function lastWrite(folder: string): Promise<number> {
  const newest = (await listSegments(folder)).at(-1);
  if (newest === undefined) return 0;
  const found = await stat(join(folder, segmentName(newest))).catch(absentIsNull);
  return found?.mtimeMs ?? 0;
}

async function remember(folder: string, run: string, memory: RunMemory): Promise<void> {
  const bytes = await readWhole(join(folder, META_FILE), MAX_META_BYTES).catch(noFileIsEmpty);
  const meta = parseRunMeta(bytes.toString("utf8"));
  if (meta !== null && meta.run === run) {
    memory.set(run, meta);
    return;
  }
  // A crash between mkdir and meta: what it printed is still shown, under a name that says so. An empty one is skipped.
  const [oldest] = await listSegments(folder);
  const startedAt = oldest === undefined ? null : await firstAt(folder, oldest);
  if (startedAt !== null)
    memory.set(run, { run, agent: "unknown", boot: "", replica: 0, generation: 0, startedAt });
}

function slotOf(meta: RunMeta): string {
  return `${meta.agent}/${meta.replica}`;
}

function byStart(a: RunMeta, b: RunMeta): number {
  return a.startedAt - b.startedAt || (a.run < b.run ? -1 : 1);
}

function absentIsNone(thrown: unknown): string[] {
  if (isAbsent(thrown)) return [];
  throw thrown;
}

/** A folder or a link in the place of a file is none of ours. */
function noFileIsEmpty(thrown: unknown): Buffer {
  const code = systemCode(thrown);
  if (isAbsent(thrown) || code === "EISDIR" || code === "ELOOP") return Buffer.alloc(0);
  throw thrown;
}

function absentIsNull(thrown: unknown): null {
  if (isAbsent(thrown)) return null;
  throw thrown;
}
