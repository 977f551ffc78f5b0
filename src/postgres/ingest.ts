/** Makes runners' journals durable: runs, their ends and events, each exactly once. */
import type { JournalEvent } from "../model/run.ts";
import { unknownProject } from "./errors.ts";
import { recordEvents } from "./events.ts";
import type { TimedEvent } from "./events.ts";
import type { NewEvent } from "./door.ts";
import { type Noter, wordsOfJournal } from "./journal-events.ts";
import { endsOf, startsOf } from "./journal-rows.ts";
import { attemptEndsOf, attemptStartsOf } from "./journal-tasks.ts";
import type { RunEnd, RunStart } from "./journal-rows.ts";
import type { Statements, Transaction } from "./connection.ts";
import type { SettledTask } from "../model/task.ts";
import { writeQuestions } from "./question-journal.ts";
import type { Session } from "./session.ts";
import { settleIn } from "./task-settle.ts";
import type { Settled } from "./task-settle.ts";

/** Journal events a transaction: a backlog of days goes in by stretches, each well below the statement deadline. */
const STRETCH = 1_000;

export type IngestRequest = Readonly<{
  epoch: number;
  project: string;
  generation: number;
  events: readonly JournalEvent[];
  told?: readonly NewEvent[];
}>;

/**
 * See `PostgresDoor.ingest`. INVARIANT: `journal_seq` rises in the transaction that writes the events up to it, so after any
 * crash or lost answer the same events can be given again and those already written are passed over.
 */
export async function ingest(
  session: Session,
  request: IngestRequest,
  settled: Settled,
): Promise<number> {
  const events = request.events.toSorted((a, b) => a.seq - b.seq);
  let durable = 0;
  for (let from = 0; from === 0 || from < events.length; from += STRETCH) {
    const stretch = events.slice(from, from + STRETCH);
    const taken = await session.write({ operation: "ingest", epoch: request.epoch }, (tx) =>
      ingestIn(tx, { ...request, events: stretch, told: from === 0 ? (request.told ?? []) : [] }),
    );
    settled.tell(taken.tasks);
    durable = taken.durable;
  }
  return durable;
}

type Taken = Readonly<{ durable: number; tasks: readonly SettledTask[] }>;

async function ingestIn(tx: Transaction, request: Required<IngestRequest>): Promise<Taken> {
  const { project, epoch, generation } = request;
  const told = request.told.map((event) => ({ at: null, ...event }));
  const [row] = await tx.rows<{ journalSeq: number }>("project-lock", [project]);
  if (row === undefined) throw unknownProject(project);
  const mark = row.journalSeq;
  const fresh = request.events.filter(
    (event, at) => event.seq > mark && event.seq !== request.events[at - 1]?.seq,
  );
  const top = fresh.at(-1)?.seq;
  if (top === undefined) {
    await recordEvents(tx, told);
    return { durable: mark, tasks: [] };
  }
  const ends = endsOf(fresh, generation);
  const ended = new Set(ends.map(({ id }) => id));
  // A run that began and ended since is written once, with both.
  const open = startsOf(fresh).filter(({ id }) => !ended.has(id));
  // None of these needs another's answer: they go together, in this order.
  const [, , tasks, questions, noters] = await Promise.all([
    writeStarts(tx, [project, epoch], open),
    writeEnds(tx, [project, epoch], ends),
    writeAttempts(tx, project, fresh),
    writeQuestions(tx, project, fresh),
    readNoters(tx, project, fresh),
    tx.rows("project-journal-seq", [project, top]),
  ]);
  const named = new Map(tasks.flatMap(({ run, id }) => (run === null ? [] : [[run, id] as const])));
  const words = wordsOfJournal({ project, after: mark, events: fresh, tasks: named, noters });
  await recordEvents(tx, [...causal(told, words), ...questions], tx.last);
  return { durable: top, tasks };
}

/** What was said of a run before that run's end, everything else first: a reader meets no effect before its cause. */
function causal(told: readonly TimedEvent[], words: readonly TimedEvent[]): readonly TimedEvent[] {
  const left = new Set(told);
  const take = (which: (event: TimedEvent) => boolean): readonly TimedEvent[] => {
    const taken = [...left].filter(which);
    for (const event of taken) left.delete(event);
    return taken;
  };
  const first = take(({ fields }) => fields["run"] === undefined);
  const rest = words.flatMap((word) =>
    word.kind === "agent.exited"
      ? [...take(({ fields }) => fields["run"] === word.fields["run"]), word]
      : [word],
  );
  return [...first, ...rest, ...left];
}

type Whose = readonly [project: string, epoch: number];

async function writeStarts(
  tx: Statements,
  whose: Whose,
  starts: readonly RunStart[],
): Promise<void> {
  if (starts.length > 0) await tx.rows("run-start", [...whose, ...startColumns(starts)]);
}

async function writeEnds(tx: Statements, whose: Whose, ends: readonly RunEnd[]): Promise<void> {
  if (ends.length === 0) return;
  await tx.rows("run-end", [
    ...whose,
    ...startColumns(ends),
    ends.map((end) => end.endedAt),
    ends.map((end) => end.outcome),
    ends.map((end) => end.exitCode),
    ends.map((end) => end.signal),
    ends.map((end) => end.oom),
    ends.map((end) => end.reason),
    ends.map((end) => end.memory),
  ]);
}

/** Runs that are attempts of tasks: their starts, then their ends, whose tasks move on in this transaction. */
async function writeAttempts(
  tx: Statements,
  project: string,
  events: readonly JournalEvent[],
): Promise<readonly SettledTask[]> {
  const ends = attemptEndsOf(events);
  const ended = new Set(ends.map(({ run }) => run));
  const starts = attemptStartsOf(events).filter(({ run }) => !ended.has(run));
  const columns = [starts.map(({ run }) => run), starts.map(({ at }) => at)];
  // The tasks' locks come first, as for everybody who ends attempts.
  const [tasks] = await Promise.all([
    settleIn(tx, ends, project),
    starts.length > 0 ? tx.rows("attempt-start", [project, ...columns]) : [],
  ]);
  return tasks;
}

/** Whose notes these are: their runs began here or in an earlier stretch. */
async function readNoters(
  tx: Statements,
  project: string,
  events: readonly JournalEvent[],
): Promise<ReadonlyMap<string, Noter>> {
  const runs = new Set(events.flatMap((event) => (event.kind === "note" ? [event.run] : [])));
  if (runs.size === 0) return new Map();
  const rows = await tx.rows<Noter & { run: string }>("run-whose", [project, [...runs]]);
  return new Map(rows.map(({ run, ...noter }) => [run, noter]));
}

function startColumns(runs: readonly RunStart[]): readonly (readonly unknown[])[] {
  return [
    runs.map((run) => run.id),
    runs.map((run) => run.agent),
    runs.map((run) => run.replica),
    runs.map((run) => run.boot),
    runs.map((run) => run.generation),
    runs.map((run) => run.startedAt),
  ];
}
