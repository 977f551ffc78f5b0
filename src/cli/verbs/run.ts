/** `berth run PROJECT AGENT`: a task from submission to exit code, as if its process ran here. */
import { withoutControls } from "../../base/controls.ts";
import { constants } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { attend } from "../attend.ts";
import type { Client } from "../../client/client.ts";
import type { Task } from "../../client/tasks.ts";
import type { ApiOutputLine } from "../../schema/api-record.ts";
import type { Context, Given } from "../context.ts";
import { lineFor } from "../io.ts";
import { spanText } from "../format.ts";
import { submissionOf, withSubmission } from "../submission.ts";
import type { Verb } from "../verb.ts";
import { waitingTeller } from "../waiting.ts";

const FAILED = 1;
/** As for everything that did not come about in time. */
const TIMED_OUT = 75;
const INTERRUPTED = 130;
/** A shell's way to tell of a signal. */
const SIGNALLED = 128;
/** How long a person at a terminal has for the second Ctrl-C. */
const SECOND_THOUGHT_MS = 1_500;

export const run: Verb = {
  output: "stream",
  examples: [
    `berth run web coder --payload '{"prompt":"fix the tests"}'`,
    "git diff | jq -Rs '{diff: .}' | berth run web reviewer --payload-file -",
    "berth run web coder --detach --key nightly-2026-01-31 --deadline 2026-01-31T06:00:00Z",
  ],
  define: (command) =>
    withSubmission(command)
      .description(
        "Queue a task for a worker, print its output, and exit with its code: 75 timed out, 130 cancelled, 1 lost or never\n" +
          "started, 128 + n killed by signal n. Ctrl-C leaves the task running, a second one cancels it. With --json each\n" +
          "line of output is a JSON line, and the last line is the task.",
      )
      .argument("<project>")
      .argument("<agent>")
      .option("-d, --detach", "print the task's id and leave"),
  run: submitAndFollow,
};

async function submitAndFollow(context: Context, given: Given): Promise<number> {
  const body = await submissionOf(context, given);
  const client = await context.client();
  const { task, fresh } = await client.submit(body);
  if (!fresh)
    await context.print.note(`the key is known: this is task ${task.id}, submitted before`);
  if (given.flag("detach")) {
    await context.print.answerLine(
      context.format === "ndjson" ? JSON.stringify({ task }) : task.id,
    );
    return 0;
  }
  return followToEnd(context, client, task.id);
}

/** Prints a task's output until it ended; answers the exit code that tells of it. */
export async function followToEnd(context: Context, client: Client, id: string): Promise<number> {
  const leave = new AbortController();
  const cancel = new AbortController();
  context.takeInterrupts(() => (leave.signal.aborted ? cancel : leave).abort());
  try {
    const task = await attend({
      client,
      id,
      signal: AbortSignal.any([context.signal, leave.signal]),
      onLine: (line) => printLine(context, line),
      onLook: waitingTeller(context, client),
    });
    await tellEnd(context, task);
    return exitOf(task, await lastOutcome(client, task));
  } catch (thrown) {
    if (!leave.signal.aborted) throw thrown;
    return leaveOrCancel(context, client, { id, cancel: cancel.signal });
  }
}

/** A dead task whose last try ran too long or was lost ended by that, not by the code it happened to have. */
async function lastOutcome(client: Client, { id, state }: Task): Promise<string> {
  if (state !== "dead") return state;
  const last = (await client.attempts(id)).at(-1)?.outcome;
  return last === "timed-out" || last === "lost" ? last : state;
}

/** The process's own code where there is one; not that of the signal by which a timeout ended it. */
export function exitOf({ exitCode, signal }: Task, outcome: string): number {
  if (outcome === "succeeded") return 0;
  if (outcome === "cancelled") return INTERRUPTED;
  if (outcome === "timed-out") return TIMED_OUT;
  if (outcome === "lost") return FAILED;
  if (exitCode !== null && exitCode !== 0) return exitCode;
  const numbers: Readonly<Record<string, number>> = constants.signals;
  const number = signal === null ? undefined : numbers[signal];
  return number === undefined ? FAILED : SIGNALLED + number;
}

async function leaveOrCancel(
  context: Context,
  client: Client,
  { id, cancel }: Readonly<{ id: string; cancel: AbortSignal }>,
): Promise<number> {
  const { print, io } = context;
  const atTerminal = io.stdin.isTTY === true;
  const again = atTerminal ? "; Ctrl-C again cancels it" : "";
  await print.note(`task ${id} goes on without you${again} (berth task logs ${id} -f)`);
  if (atTerminal)
    await sleep(SECOND_THOUGHT_MS, undefined, { signal: cancel }).catch(() => undefined);
  if (!cancel.aborted) return INTERRUPTED;
  await client.cancelTask(id);
  await print.note(`task ${id} is cancelled`);
  return INTERRUPTED;
}

async function printLine({ print, format, io }: Context, line: ApiOutputLine): Promise<void> {
  if (format === "ndjson") await print.answerLine(JSON.stringify(line));
  else if (line.stream === "stdout") await print.answerLine(lineFor(io.stdout, line.text));
  else await print.raw(`${lineFor(io.stderr, line.text)}\n`);
}

async function tellEnd({ print, format }: Context, task: Task): Promise<void> {
  if (format === "ndjson") await print.answerLine(JSON.stringify({ task }));
  const { id, state, reason, attempts, startedAt, endedAt } = task;
  if (state === "succeeded") return;
  const took =
    startedAt === null || endedAt === null ? "" : ` after ${spanText(endedAt - startedAt)}`;
  const tries = attempts > 1 ? `, attempt ${attempts}` : "";
  const why = reason === null ? "" : `: ${withoutControls(reason)}`;
  await print.note(`task ${id} ${state}${took}${tries}${why} (berth why ${id})`);
}
