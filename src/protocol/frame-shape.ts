/** Which values are frames: the shape of every frame kind, for the reader of a socket or of desired.json. */
import type { RunnerConfig } from "../model/desired.ts";
import type { DaemonFrame, RunnerFrame } from "./frame.ts";
import { isJournalEvent } from "./journal.ts";
import {
  dictOf,
  isCount,
  isFalse,
  isText,
  isTrue,
  isPresent,
  listOf,
  maybe,
  oneOf,
  orNull,
  shapeOf,
} from "./shape.ts";
import type { Check } from "./shape.ts";

const restart = shapeOf({
  mode: oneOf("no", "on-failure", "always"),
  max: isCount,
  windowMs: isCount,
  backoffMs: isCount,
  backoffMaxMs: isCount,
});
const health = shapeOf({
  command: listOf(isText),
  intervalMs: isCount,
  timeoutMs: isCount,
  retries: isCount,
  startPeriodMs: isCount,
});
const task = shapeOf({
  min: isCount,
  max: isCount,
  timeoutMs: isCount,
  retries: shapeOf({ max: isCount, backoffMs: isCount }),
});
const agent = shapeOf({
  name: isText,
  // A configuration kept from before there were tasks has services only.
  task: maybe(orNull(task)),
  command: listOf(isText),
  entrypoint: oneOf("none", "image"),
  replicas: isCount,
  restart,
  health: orNull(health),
  stopGraceMs: isCount,
  user: orNull(isText),
  cwd: orNull(isText),
  environment: dictOf(isText),
});
const config = shapeOf({
  hash: isText,
  epoch: isCount,
  generation: isCount,
  project: isText,
  install: isText,
  environment: dictOf(isText),
  agents: listOf(agent),
  secretNames: listOf(isText),
  git: orNull(shapeOf({ url: isText, ref: isText })),
  workspaceOwner: orNull(shapeOf({ uid: isCount, gid: isCount })),
  image: shapeOf({
    entrypoint: listOf(isText),
    user: orNull(isText),
    workdir: orNull(isText),
    // Told since there are first starts.
    environment: maybe(orNull(dictOf(isText))),
  }),
  restartSerials: dictOf(isCount),
});

const command = { id: isCount, epoch: isCount };
const DAEMON: Readonly<Record<DaemonFrame["kind"], Check>> = {
  hello: shapeOf({ versions: listOf(isCount), epoch: isCount, install: isText, project: isText }),
  resume: shapeOf({ after: isCount }),
  ack: shapeOf({ seq: isCount, epoch: isCount }),
  configure: shapeOf({ ...command, config }),
  secrets: shapeOf({ ...command, values: dictOf(isText) }),
  "exec-open": shapeOf({ ...command, agent: orNull(isText) }),
  "exec-close": shapeOf({ ...command, marker: isCount }),
  thawed: shapeOf({ ...command, frozenMs: isCount }),
  "run-task": shapeOf({
    ...command,
    run: isText,
    task: isText,
    attempt: isCount,
    agent: isText,
    payload: isPresent,
    timeoutMs: isCount,
  }),
  "cancel-run": shapeOf({ ...command, run: isText }),
  answer: shapeOf({ ...command, run: isText, question: isText, text: isText }),
  ping: shapeOf({ id: isCount }),
};

const ticket = shapeOf({
  marker: isCount,
  uid: isCount,
  gid: isCount,
  cwd: isText,
  environment: dictOf(isText),
});
const accepted = shapeOf({ id: isCount, ok: isTrue, ticket: orNull(ticket) });
const declined = shapeOf({ id: isCount, ok: isFalse, code: isText, detail: isText });
const status = shapeOf({ agent: isText, replica: isCount, state: isText, restarts: isCount });
const RUNNER: Readonly<Record<RunnerFrame["kind"], Check>> = {
  welcome: shapeOf({
    version: isCount,
    bootId: isText,
    epoch: isCount,
    runnerVersion: isText,
    configHash: orNull(isText),
    lastSeq: isCount,
    ackedSeq: isCount,
  }),
  event: shapeOf({ event: isJournalEvent }),
  progress: shapeOf({ run: isText, fraction: isCount, text: isText }),
  status: shapeOf({
    configHash: orNull(isText),
    agents: listOf(status),
    sample: orNull(shapeOf({ at: isCount, version: isCount })),
    workspace: oneOf("pending", "ready", "failed"),
    workspaceDetail: orNull(isText),
    missingSecrets: listOf(isText),
    restartSerials: dictOf(isCount),
    // A runner from before there were tasks does not say it.
    taskRuns: maybe(listOf(isText)),
    journalSeq: maybe(isCount),
  }),
  reply: (value) => accepted(value) || declined(value),
  refused: shapeOf({ code: isText, detail: isText, epoch: isCount }),
};

/** Whether this is a frame a daemon may send. */
export function isDaemonFrame(value: unknown): value is DaemonFrame {
  return isKnown(DAEMON, value);
}

/** Whether this is a frame a runner may send. */
export function isRunnerFrame(value: unknown): value is RunnerFrame {
  return isKnown(RUNNER, value);
}

/** Whether this is a whole runner configuration. */
export function isRunnerConfig(value: unknown): value is RunnerConfig {
  return config(value);
}

function isKnown(shapes: Readonly<Record<string, Check>>, value: unknown): boolean {
  if (typeof value !== "object" || value === null || !("kind" in value)) return false;
  const { kind } = value;
  if (typeof kind !== "string" || !Object.hasOwn(shapes, kind)) return false;
  return shapes[kind]?.(value) === true;
}
