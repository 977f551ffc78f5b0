/** The journal's format: one event a line; a torn last line is what a crash leaves and is no event. */
import type { JournalBody, JournalEvent } from "../model/run.ts";
import { isCount, isFlag, isText, listOf, maybe, orNull, shapeOf } from "./shape.ts";
import type { Check } from "./shape.ts";

/** A journal file is closed, and the next one begun, at this size. */
export const MAX_JOURNAL_FILE_BYTES = 1_048_576;
/** All journal files of one project together; beyond it nothing new is started, and nothing is dropped. */
export const MAX_JOURNAL_BYTES = 67_108_864;
/** In the journal folder: the decimal sequence number up to which everything is acknowledged. */
export const ACKED_FILE = "acked";

const run = { run: isText, agent: isText, replica: isCount };
const BODIES: Readonly<Record<JournalBody["kind"], Check>> = {
  boot: shapeOf({ epoch: isCount, configHash: orNull(isText) }),
  started: shapeOf({
    ...run,
    pid: isCount,
    generation: isCount,
    task: maybe(isText),
    startedAt: maybe(isCount),
  }),
  ready: shapeOf(run),
  unhealthy: shapeOf({ ...run, reason: isText }),
  exited: shapeOf({
    ...run,
    code: orNull(isCount),
    signal: orNull(isText),
    oom: isFlag,
    cause: isText,
    survivors: isCount,
    durationMs: isCount,
    // `result` may be any JSON value, or absent.
    resultFault: maybe(isText),
    memory: maybe(listOf(listOf(isCount))),
  }),
  "start-failed": shapeOf({ ...run, reason: isText, generation: isCount }),
  lost: shapeOf({
    ...run,
    reason: isText,
    begun: maybe(shapeOf({ boot: isText, at: isCount })),
  }),
  oom: shapeOf({ count: isCount }),
  dropped: shapeOf({ run: isText, bytes: isCount }),
  "crash-loop": shapeOf({ agent: isText, replica: isCount, failures: isCount }),
  workspace: shapeOf({ ready: isFlag, detail: orNull(isText) }),
  note: shapeOf({ run: isText, text: isText }),
  asked: shapeOf({
    ...run,
    task: maybe(isText),
    question: isText,
    text: isText,
    choices: listOf(isText),
    waits: isFlag,
  }),
  answered: shapeOf({ ...run, question: isText }),
  withdrawn: shapeOf({ ...run, question: isText, reason: isText }),
};
const stamp = shapeOf({ seq: isCount, at: isCount, boot: isText });

/** Whether this value is a journal event of a kind this version knows. */
export function isJournalEvent(value: unknown): value is JournalEvent {
  if (!stamp(value) || typeof value !== "object" || value === null || !("kind" in value))
    return false;
  const { kind } = value;
  if (typeof kind !== "string" || !Object.hasOwn(BODIES, kind)) return false;
  const bodies: Readonly<Record<string, Check>> = BODIES;
  return bodies[kind]?.(value) === true;
}

/** One event as its line. */
export function encodeEvent(event: JournalEvent): string {
  return `${JSON.stringify(event)}\n`;
}

/** What a journal file holds. */
export interface DecodedJournal {
  readonly events: readonly JournalEvent[];
  /** Bytes of whole lines; what follows is torn. */
  readonly wholeBytes: number;
  /** Whole lines that are no event: a newer version's kinds, or damage. */
  readonly garbage: number;
}

/** Every event of a journal file's bytes. Never throws. */
export function decodeJournal(bytes: Uint8Array): DecodedJournal {
  const wholeBytes = bytes.lastIndexOf(10) + 1;
  const events: JournalEvent[] = [];
  let garbage = 0;
  for (const line of new TextDecoder().decode(bytes.subarray(0, wholeBytes)).split("\n")) {
    if (line === "") continue;
    const event = decodeEvent(line);
    if (event === null) garbage += 1;
    else events.push(event);
  }
  return { events, wholeBytes, garbage };
}

function decodeEvent(line: string): JournalEvent | null {
  try {
    const value: unknown = JSON.parse(line);
    return isJournalEvent(value) ? value : null;
  } catch {
    return null;
  }
}
