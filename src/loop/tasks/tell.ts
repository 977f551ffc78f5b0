/** What people read in `berth events` of the scheduler: submissions, worker counts, breakers. Also what `explain` remembers. */
import type { Breaker } from "../../model/breaker.ts";
import type { EventRecord } from "../../model/event.ts";
import type { Outbox } from "../../record/outbox.ts";
import type { Asker } from "../../postgres/door.ts";
import type { Progress } from "./desk-state.ts";
import type { BreakerChange } from "./measures.ts";

type Fields = EventRecord["fields"];
interface Teller {
  readonly outbox: Outbox;
}

/** Kinds of events that are decisions of the scheduler. */
export const DECISION_KINDS: readonly string[] = [
  "worker.scaled",
  "breaker.opened",
  "breaker.half-open",
  "breaker.closed",
  "container.frozen",
  "container.thawed",
  "container.stopped",
  "container.started",
];

export interface Scaled {
  readonly project: string;
  readonly agent: string;
  readonly from: number;
  readonly to: number;
  readonly why: string;
}

/** At most one a second and agent: see plan/pool/scaling.ts. */
export function tellScaled({ project, agent, from, to, why }: Scaled, { outbox }: Teller): void {
  const message = `workers of ${agent} ${from} → ${to}: ${why}`;
  tell(outbox, { project, kind: "worker.scaled", message, fields: { agent, from, to } });
}

/** Only changes of kind: a failure more in a row is no event. */
export function tellBreaker({ key, before, after }: BreakerChange, { outbox }: Teller): void {
  if (before.kind === after.kind) return;
  const [project = "", agent = null] = key.split("/");
  const of = agent === null ? "the project" : agent;
  const { kind, message, fields } = wordsOf(after, of);
  tell(outbox, { project, kind, message, fields: { ...fields, agent } });
}

function wordsOf(
  breaker: Breaker,
  of: string,
): Readonly<{ kind: string; message: string; fields: Fields }> {
  switch (breaker.kind) {
    case "closed":
      return { kind: "breaker.closed", message: `breaker of ${of} closed`, fields: {} };
    case "open": {
      const { failureClass, coolDownMs } = breaker;
      return {
        kind: "breaker.opened",
        message: `breaker of ${of} opened for ${coolDownMs / 1000} s: ${failureClass}, again and again`,
        fields: { coolDownMs, failureClass },
      };
    }
    case "half-open":
      return {
        kind: "breaker.half-open",
        message: `breaker of ${of} is half-open: task ${breaker.probe ?? "next"} tries`,
        fields: { task: breaker.probe, coolDownMs: breaker.coolDownMs },
      };
  }
}

/** In people's words: "task 41 of coder: 40 %, reading". */
export function tellProgress(
  { project, agent, task }: Readonly<{ project: string; agent: string; task: string }>,
  { fraction, text }: Progress,
  { outbox }: Teller,
): void {
  const message = `task ${task} of ${agent}: ${Math.round(fraction * 100)} %${text === "" ? "" : `, ${text}`}`;
  tell(outbox, {
    project,
    kind: "worker.progress",
    message,
    fields: { agent, task, fraction, text },
  });
}

/** Submissions of one agent within this time are one event. */
const TOGETHER_MS = 250;

interface Submissions {
  readonly project: string;
  readonly agent: string;
  readonly by: string;
  count: number;
  first: string;
  last: string;
}

/** Gathers submissions: a flood of them becomes four events a second and agent. The audit has every one. */
export function createSubmissionTeller({
  outbox,
}: Teller): (task: Readonly<{ id: string; project: string; agent: string }>, by: Asker) => void {
  const gathered = new Map<string, Submissions>();
  const flush = (): void => {
    for (const { project, agent, by, count, first, last } of gathered.values()) {
      const what = count === 1 ? `task ${first}` : `${count} tasks (${first} to ${last})`;
      const message = `${what} for ${agent} submitted by ${by}`;
      const fields = { agent, count, task: count === 1 ? first : null, first, last, by };
      outbox.add({ project, kind: "queue.submitted", cause: "operator", message, fields });
    }
    gathered.clear();
    void outbox.flush();
  };
  return ({ id, project, agent }, asker) => {
    const by = asker.claim ?? asker.who;
    const key = JSON.stringify([project, agent, by]);
    const known = gathered.get(key);
    if (gathered.size === 0) setTimeout(flush, TOGETHER_MS).unref();
    if (known === undefined)
      gathered.set(key, { project, agent, by, count: 1, first: id, last: id });
    else Object.assign(known, { count: known.count + 1, last: id });
  };
}

function tell(
  outbox: Outbox,
  event: Readonly<{ project: string; kind: string; message: string; fields: Fields }>,
): void {
  outbox.add({ ...event, cause: "daemon" });
  void outbox.flush();
}
