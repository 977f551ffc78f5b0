/** Hands attempts to a runner as the daemon does, and waits for what becomes of them. */
import type { JournalEvent } from "../../../src/model/run.ts";
import type { Client } from "./client.ts";
import type { Project } from "./harness.ts";

type Exited = Extract<JournalEvent, { kind: "exited" }>;

export interface Order {
  readonly agent: string;
  readonly payload?: unknown;
  readonly timeoutMs?: number;
  readonly run?: string;
}

let serial = 0;

/** Orders one attempt; returns the reply and the run's id. */
export async function order(client: Client, { agent, run, ...more }: Order) {
  serial += 1;
  const id = run ?? `r-${serial}`;
  const reply = await client.ask({
    kind: "run-task",
    epoch: 1,
    run: id,
    task: `t-${serial}`,
    attempt: 1,
    agent,
    payload: null,
    timeoutMs: 60_000,
    ...more,
  });
  return { run: id, task: `t-${serial}`, reply };
}

/** Orders one attempt and waits for its end. */
export async function runToEnd(
  project: Project,
  client: Client,
  { deadlineMs, ...wish }: Order & Readonly<{ deadlineMs?: number }>,
): Promise<Exited> {
  const { run, reply } = await order(client, wish);
  if (!reply.ok) throw new Error(`${reply.code}: ${reply.detail}`);
  return project.event("exited", (event) => event.run === run, deadlineMs);
}
