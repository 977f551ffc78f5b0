/** A runner's journal in words for people: which event row each journal event becomes; pure. */
import type { JournalEvent } from "../model/run.ts";
import type { TimedEvent } from "./events.ts";
import { keptText } from "./json-text.ts";

type Words = Readonly<{ kind: string; message: string; fields: TimedEvent["fields"] }>;

/** Of more tasks than this that started, or ended well, in one stretch, an agent has one event: people read failures, and counts. */
const TOLD_SINGLY = 20;

export interface Stretch {
  readonly project: string;
  /** The mark before it, to tell a gap. */
  readonly after: number;
  readonly events: readonly JournalEvent[];
  /** Task by run, of the attempts that ended in it. */
  readonly tasks: ReadonlyMap<string, string>;
  /** By run, of those that left a note: the journal names no more of them. */
  readonly noters: ReadonlyMap<string, Noter>;
}

export interface Noter {
  readonly agent: string;
  readonly replica: number;
  /** Null: it is a service. */
  readonly task: string | null;
}

/** The event rows of a stretch of journal, in its order. */
export function wordsOfJournal(stretch: Stretch): readonly TimedEvent[] {
  const { project, after, events } = stretch;
  let last = after;
  const told = foldTasks(events.map((event) => named(event, stretch)));
  return told.flatMap(({ event, folded }) => {
    const gap = event.seq - last - 1;
    last = event.seq;
    const lost: Words = {
      kind: "journal.gap",
      message: `${gap} journal events before ${event.seq} were never told`,
      fields: { missing: gap },
    };
    return [...(gap > 0 ? [lost] : []), ...(folded ?? wordsOf(event))].map((words) => ({
      ...words,
      project,
      cause: "runner",
      at: event.at,
    }));
  });
}

/** A journal event; an exit also names the task it was of, and a note whose it is. */
type Named = JournalEvent & Readonly<{ task?: string; noter?: Noter }>;

function named(event: JournalEvent, { tasks, noters }: Stretch): Named {
  if (event.kind === "note") {
    const noter = noters.get(event.run);
    return noter === undefined ? event : { ...event, noter };
  }
  const task = event.kind === "exited" ? tasks.get(event.run) : undefined;
  return task === undefined ? event : { ...event, task };
}

/** `folded`: what stands in this event's place; null: it speaks for itself. */
type Told = Readonly<{ event: Named; folded: readonly Words[] | null }>;

function foldTasks(events: readonly Named[]): readonly Told[] {
  const groups = new Map<string, Named[]>();
  for (const event of events) {
    const group = groupOf(event);
    if (group === null) continue;
    const members = groups.get(group);
    if (members === undefined) groups.set(group, [event]);
    else members.push(event);
  }
  return events.map((event) => {
    const members = groups.get(groupOf(event) ?? "") ?? [];
    if (members.length <= TOLD_SINGLY) return { event, folded: null };
    return { event, folded: event === members.at(-1) ? [countWords(members)] : [] };
  });
}

/** Starts of tasks and their good ends may be counted instead of told. */
function groupOf(event: Named): string | null {
  if (event.task === undefined) return null;
  if (event.kind === "started") return `started ${event.agent}`;
  return event.kind === "exited" && event.code === 0 ? `ended ${event.agent}` : null;
}

function countWords(events: readonly Named[]): Words {
  const [first] = events;
  const count = events.length;
  const agent = first !== undefined && "agent" in first ? first.agent : "";
  const fields = { agent, count, first: first?.task ?? null, last: events.at(-1)?.task ?? null };
  return first?.kind === "started"
    ? { kind: "agent.started", message: `${agent} started ${count} tasks`, fields }
    : { kind: "agent.exited", message: `${agent} ended ${count} tasks with code 0`, fields };
}

function wordsOf(event: Named): readonly Words[] {
  switch (event.kind) {
    case "boot":
      return [
        {
          kind: "runner.booted",
          message: `runner started (boot ${event.boot})`,
          fields: { boot: event.boot },
        },
      ];
    case "oom":
      return [
        {
          kind: "project.oom",
          message: `out of memory in the project${event.count === 1 ? "" : ` ${event.count} times`}, victim unknown`,
          fields: { count: event.count },
        },
      ];
    case "dropped":
      return [
        {
          kind: "output.dropped",
          message: `${event.bytes} bytes of output were dropped, the spool is full`,
          fields: { run: event.run, bytes: event.bytes },
        },
      ];
    case "workspace":
      return [
        {
          kind: event.ready ? "workspace.ready" : "workspace.failed",
          message: event.ready
            ? "workspace ready"
            : `workspace failed: ${event.detail ?? "no detail"}`,
          fields: {},
        },
      ];
    case "note":
      return [noteWords(event)];
    case "asked":
    case "answered":
    case "withdrawn":
      // Told by the question's own rows, which know its id.
      return [];
    case "started":
    case "ready":
    case "unhealthy":
    case "exited":
    case "start-failed":
    case "lost":
    case "crash-loop":
      return agentWords(event);
  }
}

/** `task 41 of coder: half way`, as progress is told; `server#0: half way` of a service. */
function noteWords(event: Extract<Named, { kind: "note" }>): Words {
  const text = keptText(event.text);
  const { run, noter } = event;
  if (noter === undefined) return { kind: "task.note", message: text, fields: { run, text } };
  const { agent, replica, task } = noter;
  const subject = task === null ? `${agent}#${replica}` : `task ${task} of ${agent}`;
  const fields = { agent, replica, run, ...(task === null ? {} : { task }), text };
  return { kind: "task.note", message: `${subject}: ${text}`, fields };
}

type AgentEvent = Exclude<
  Extract<JournalEvent, { agent: string }>,
  { kind: "asked" | "answered" | "withdrawn" }
> &
  Readonly<{ task?: string }>;

function agentWords(event: AgentEvent): readonly Words[] {
  const name = `${event.agent}#${event.replica}`;
  const fields = {
    agent: event.agent,
    replica: event.replica,
    ...("run" in event ? { run: event.run } : {}),
    ...(event.task === undefined ? {} : { task: event.task }),
  };
  const task = event.task === undefined ? "" : ` task ${event.task}`;
  switch (event.kind) {
    case "started":
      return [
        {
          kind: "agent.started",
          message: `${name} started${task}`,
          fields: { ...fields, pid: event.pid },
        },
      ];
    case "ready":
      return [{ kind: "agent.ready", message: `${name} is ready`, fields }];
    case "unhealthy":
      return [
        { kind: "agent.unhealthy", message: `${name} is unhealthy: ${event.reason}`, fields },
      ];
    case "start-failed":
      return [
        { kind: "agent.start-failed", message: `${name} could not start: ${event.reason}`, fields },
      ];
    case "lost":
      return [
        {
          kind: "run.lost",
          message: `${name} is lost: ${event.reason}`,
          fields: { ...fields, reason: event.reason },
        },
      ];
    case "crash-loop":
      return [
        {
          kind: "agent.crash-loop",
          message: `${name} failed ${event.failures} times and is not restarted any more`,
          fields: { ...fields, failures: event.failures },
        },
      ];
    case "exited":
      return exitWords(event, name, fields);
  }
}

function exitWords(
  event: Extract<JournalEvent, { kind: "exited" }> & Readonly<{ task?: string }>,
  name: string,
  fields: TimedEvent["fields"],
): readonly Words[] {
  const how = event.signal === null ? `with code ${event.code ?? "unknown"}` : `by ${event.signal}`;
  const task = event.task === undefined ? "" : ` task ${event.task}`;
  const exited: Words = {
    kind: "agent.exited",
    message: `${name} ended${task} ${how}${event.cause === "self" ? "" : ` (${event.cause})`}`,
    fields: {
      ...fields,
      code: event.code,
      signal: event.signal,
      oom: event.oom,
      cause: event.cause,
      survivors: event.survivors,
      durationMs: event.durationMs,
    },
  };
  return event.oom
    ? [{ kind: "agent.oom", message: `${name} ran out of memory`, fields }, exited]
    : [exited];
}
