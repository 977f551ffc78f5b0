/** What people read in `berth events` of the scheduler: worker counts, breakers, progress. Also what `explain` remembers. */
import type { Breaker } from "../../model/breaker.ts";
import type { EventRecord } from "../../model/event.ts";
import type { Outbox } from "../../record/outbox.ts";
import type { NewEvent } from "../../postgres/door.ts";
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
export function progressEvent(
  { project, agent, task, run }: Readonly<Record<"project" | "agent" | "task" | "run", string>>,
  { fraction, text }: Progress,
): NewEvent {
  const message = `task ${task} of ${agent}: ${Math.round(fraction * 100)} %${text === "" ? "" : `, ${text}`}`;
  const fields = { agent, task, run, fraction, text };
  return { project, kind: "worker.progress", cause: "daemon", message, fields };
}

function tell(
  outbox: Outbox,
  event: Readonly<{ project: string; kind: string; message: string; fields: Fields }>,
): void {
  outbox.add({ ...event, cause: "daemon" });
  void outbox.flush();
}
