/** Deletes the output of runs that are over and were last written to before some time. */
import { rm, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { segmentName } from "../protocol/segment.ts";
import { META_FILE } from "../protocol/spool.ts";
import { isAbsent } from "./faults.ts";
import { openToRead } from "./read-file.ts";
import { listRuns, listSegments, type Run } from "./runs.ts";

/** What `encodeEnd` leaves at the end of a run's last segment. */
const END_RECORD = /(?:^|\n)\d{1,16} x 0\n\n$/;
const END_BYTES = 32;

/** Returns the bytes freed. A run whose segments vanish meanwhile is simply smaller. */
export async function pruneRuns(spool: string, beforeMs: number): Promise<number> {
  let freed = 0;
  for (const run of await listRuns(spool)) {
    const segments = await listSegments(run.folder);
    const files = await Promise.all(
      segments.map((segment) => sizeOf(join(run.folder, segmentName(segment)))),
    );
    const writtenAt = Math.max(run.meta.startedAt, ...files.map((file) => file.writtenAt));
    if (writtenAt >= beforeMs || !(await isOver(run, segments))) continue;
    const metaBytes = (await sizeOf(join(run.folder, META_FILE))).bytes;
    // Segments first: interrupted, it leaves a smaller run that still says whose it was.
    for (const segment of segments)
      await unlink(join(run.folder, segmentName(segment))).catch(tolerateAbsent);
    await rm(run.folder, { recursive: true, force: true });
    freed += files.reduce((sum, file) => sum + file.bytes, metaBytes);
  }
  return freed;
}

async function isOver(run: Run, segments: readonly number[]): Promise<boolean> {
  const last = segments.at(-1);
  if (run.over || last === undefined) return run.over;
  const handle = await openToRead(join(run.folder, segmentName(last))).catch(absentIsNull);
  if (handle === null) return false;
  try {
    const { size } = await handle.stat();
    const { buffer, bytesRead } = await handle.read(
      Buffer.alloc(END_BYTES),
      0,
      END_BYTES,
      Math.max(0, size - END_BYTES),
    );
    return END_RECORD.test(buffer.toString("latin1", 0, bytesRead));
  } finally {
    await handle.close();
  }
}

async function sizeOf(path: string): Promise<{ bytes: number; writtenAt: number }> {
  const found = await stat(path).catch(absentIsNull);
  return { bytes: found?.size ?? 0, writtenAt: found?.mtimeMs ?? 0 };
}

function absentIsNull(thrown: unknown): null {
  if (isAbsent(thrown)) return null;
  throw thrown;
}

function tolerateAbsent(thrown: unknown): void {
  if (!isAbsent(thrown)) throw thrown;
}
