/** A runner's journal in words for people: which event row each journal event becomes; pure. */
import type { JournalEvent } from "../model/run.ts";
import type { TimedEvent } from "./events.ts";
import { keptText } from "./json-text.ts";

type Words = Readonly<{ kind: string; message: string; fields: TimedEvent["fields"] }>;

/** The event rows of a stretch of journal, in its order; `after` is the mark before it, to tell a gap. */
export function wordsOfJournal(
  project: string,
  after: number,
  events: readonly JournalEvent[],
): readonly TimedEvent[] {
  let last = after;
  return events.flatMap((event) => {
    const gap = event.seq - last - 1;
    last = event.seq;
    const lost: Words = {
      kind: "journal.gap",
      message: `${gap} journal events before ${event.seq} were never told`,
      fields: { missing: gap },
    };
    return [...(gap > 0 ? [lost] : []), ...wordsOf(event)].map((words) => ({
      ...words,
      project,
      cause: "runner",
      at: event.at,
    }));
  });
}

function wordsOf(event: JournalEvent): readonly Words[] {
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
          message: `out of memory in the project ${event.count} times, victim unknown`,
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
      return [{ kind: "task.note", message: keptText(event.text), fields: { run: event.run } }];
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

type AgentEvent = Exclude<
  Extract<JournalEvent, { agent: string }>,
  { kind: "asked" | "answered" | "withdrawn" }
>;

function agentWords(event: AgentEvent): readonly Words[] {
  const name = `${event.agent}#${event.replica}`;
  const fields = {
    agent: event.agent,
    replica: event.replica,
    ...("run" in event ? { run: event.run } : {}),
    ...("task" in event && event.task !== undefined ? { task: event.task } : {}),
  };
  switch (event.kind) {
    case "started":
      return [
        {
          kind: "agent.started",
          message: `${name} started`,
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
  event: Extract<JournalEvent, { kind: "exited" }>,
  name: string,
  fields: TimedEvent["fields"],
): readonly Words[] {
  const how = event.signal === null ? `with code ${event.code ?? "unknown"}` : `by ${event.signal}`;
  const exited: Words = {
    kind: "agent.exited",
    message: `${name} ended ${how}${event.cause === "self" ? "" : ` (${event.cause})`}`,
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
