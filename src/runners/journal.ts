/** Journal events read straight from the spool: for a runner that is gone and can no longer send them. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { JournalEvent } from "../model/run.ts";
import { decodeJournal, MAX_JOURNAL_BYTES, MAX_JOURNAL_FILE_BYTES } from "../protocol/journal.ts";
import { journalFirstSeq, JOURNAL_FOLDER } from "../protocol/spool.ts";
import { isAbsent, spoolFault } from "./faults.ts";
import { readWhole } from "./read-file.ts";

/** A file may overshoot by its last event; a longer one is not a journal. */
const MAX_FILE_BYTES = 2 * MAX_JOURNAL_FILE_BYTES;
const MAX_FILES = (2 * MAX_JOURNAL_BYTES) / MAX_JOURNAL_FILE_BYTES;

/** Events after `after` in order; a spool or journal that is not there has none. Torn lines are skipped. */
export async function readJournal(
  folder: string,
  project: string,
  after: number,
): Promise<readonly JournalEvent[]> {
  const journal = join(folder, JOURNAL_FOLDER);
  try {
    const events: JournalEvent[] = [];
    for (const name of filesAfter(await readdir(journal), after)) {
      // A file that vanishes meanwhile was acknowledged.
      const bytes = await readWhole(join(journal, name), MAX_FILE_BYTES).catch(absentIsEmpty);
      const last = events.at(-1)?.seq ?? after;
      events.push(...decodeJournal(bytes).events.filter((event) => event.seq > last));
    }
    return events;
  } catch (thrown) {
    if (isAbsent(thrown)) return [];
    throw spoolFault(project, "its journal cannot be read", thrown);
  }
}

function absentIsEmpty(thrown: unknown): Buffer {
  if (isAbsent(thrown)) return Buffer.alloc(0);
  throw thrown;
}

/** A file may hold events after `after` unless the next file still begins at or before the one wanted. */
function filesAfter(names: readonly string[], after: number): readonly string[] {
  const files = names
    .flatMap((name) => {
      const first = journalFirstSeq(name);
      return first === null ? [] : [{ name, first }];
    })
    .toSorted((a, b) => a.first - b.first)
    .slice(-MAX_FILES);
  return files
    .filter((_, at) => (files[at + 1]?.first ?? Number.POSITIVE_INFINITY) > after + 1)
    .map((file) => file.name);
}
