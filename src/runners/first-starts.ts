/** First starts as the daemon sees them: laid down before a container's start, and read back once the launcher has begun them. */
import { constants } from "node:fs";
import { open, readFile, stat, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { AgentStatus } from "../model/agent.ts";
import type { RunnerConfig } from "../model/desired.ts";
import { firstStarts } from "../model/first-starts.ts";
import type { AgentCommand } from "../protocol/entry.ts";
import {
  BEGUN_FILE,
  decodeFirst,
  encodeFirst,
  FIRST_FILE,
  FIRST_ID,
  FIRST_START_MARKER,
  GO_FILE,
  TOLD_FILE,
  type FirstPart,
  type FirstStart,
} from "../protocol/first-starts.ts";
import {
  AnswerReader,
  encodeStart,
  MAX_REQUEST_BYTES,
  SERVICE_STREAMS,
} from "../protocol/launch-frame.ts";
import { newRunId, ownVariables } from "../protocol/run-id.ts";
import { isAbsent, spoolFault } from "./faults.ts";
import { spoolOf } from "./spool.ts";

const FRESH_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** A clock and a source of chance. */
export interface Naming {
  now(): number;
  randomness(): number;
}

/**
 * Lays down what may start before the runner, or takes away what lay there. While an earlier boot's starts wait to be told
 * of the launcher takes nothing: their runner never came, so the next one comes at once.
 */
export async function layFirstStarts(
  project: string,
  config: RunnerConfig,
  options: Naming & Readonly<{ spoolRoot: string }>,
): Promise<void> {
  const folder = spoolOf(options.spoolRoot, project);
  try {
    await Promise.all([FIRST_FILE, TOLD_FILE, GO_FILE].map((name) => remove(join(folder, name))));
    const file = encoded(config, options);
    if (file !== null) await writeFresh(join(folder, FIRST_FILE), file);
  } catch (thrown) {
    throw spoolFault(project, "what is to start first cannot be written", thrown);
  }
}

/** Not synced: a host that loses it loses the container as well, and lays another down for the next start. */
async function writeFresh(path: string, content: Buffer): Promise<void> {
  const handle = await open(path, FRESH_FILE, 0o600);
  try {
    await handle.writeFile(content);
  } finally {
    await handle.close();
  }
}

function encoded(config: RunnerConfig, naming: Naming): Buffer | null {
  const first = firstStarts(config);
  if (first === null) return null;
  const nextId = (): string => newRunId(naming.now(), () => naming.randomness());
  const asked = first.starts.map(({ plan, replica }, index) => {
    const run = nextId();
    const marker = FIRST_START_MARKER + index;
    const id = FIRST_ID + index;
    const command: AgentCommand = {
      ...first.owner,
      marker,
      cwd: plan.cwd,
      argv: plan.argv,
      environment: { ...plan.environment, ...ownVariables({ run, replica, owner: first.owner }) },
    };
    const { name: agent, health } = plan.spec;
    const state = health === null ? "running" : "starting";
    const start: FirstStart = { id, run, agent, replica, marker, state };
    return { start, frame: encodeStart(id, command, SERVICE_STREAMS) };
  });
  const frames = asked.flatMap(({ frame }) => frame ?? []);
  const bytes = frames.reduce((sum, { length }) => sum + length, 0);
  // What the launcher would not take, the runner says of each agent.
  if (frames.length < asked.length || bytes > MAX_REQUEST_BYTES) return null;
  const part: FirstPart = {
    boot: nextId(),
    configHash: config.hash,
    generation: config.generation,
    restartSerials: config.restartSerials,
    starts: asked.map(({ start }) => start),
  };
  return encodeFirst(first.owner, part, frames);
}

/** What a container's launcher has begun. */
export interface Begun {
  readonly boot: string;
  readonly configHash: string;
  readonly restartSerials: Readonly<Record<string, number>>;
  readonly agents: readonly AgentStatus[];
}

/** Null until every start is answered by a process; what was refused is the runner's to tell. */
export async function readBegun(folder: string): Promise<Begun | null> {
  // The one that comes last, first: most looks are before it is there.
  const told = await read(join(folder, TOLD_FILE));
  if (told === null) return null;
  const path = join(folder, BEGUN_FILE);
  const [begun, changedAt] = await Promise.all([read(path), renamedAt(path)]);
  if (begun === null || changedAt === null) return null;
  const part = decodeFirst(begun);
  if (part === null) return null;
  const pids = new Map<number, number>();
  const ended = new Set<number>();
  for (const answer of new AnswerReader().push(told)) {
    if (answer.kind === "runs") pids.set(answer.id, answer.pid);
    if (answer.kind === "ended") ended.add(answer.id);
  }
  const agents = part.starts.flatMap((start) => {
    const pid = pids.get(start.id);
    if (pid === undefined) return [];
    return [
      ended.has(start.id) ? endedStatus(start) : statusOf(start, { pid, startedAt: changedAt }),
    ];
  });
  return agents.length < part.starts.length ? null : { ...part, agents };
}

function statusOf(
  { agent, replica, run, state }: FirstStart,
  { pid, startedAt }: Readonly<{ pid: number; startedAt: number }>,
): AgentStatus {
  return {
    agent,
    replica,
    state,
    reason: state === "running" ? null : "waiting for its health command to pass",
    nextStartAt: null,
    restarts: 0,
    lastExit: null,
    pid,
    runId: run,
    startedAt,
    cpuMs: null,
    rssBytes: null,
  };
}

/** What comes of its end is its runner's to decide, which the launcher starts for it. */
function endedStatus(start: FirstStart): AgentStatus {
  const gone = { pid: null, runId: null, startedAt: null };
  const reason = "it has ended, and its runner is coming";
  return { ...statusOf(start, { pid: 0, startedAt: 0 }), ...gone, state: "starting", reason };
}

/** Asks for the runner. A spool that refuses is no fault: the launcher starts it some seconds later by itself. */
export async function callRunner(folder: string): Promise<void> {
  await writeFile(join(folder, GO_FILE), "", { mode: 0o600, flag: "w" }).catch(() => undefined);
}

async function read(path: string): Promise<Buffer | null> {
  return readFile(path).catch(() => null);
}

/** In ms since the epoch: `begun` is renamed by the launcher that begins. */
async function renamedAt(path: string): Promise<number | null> {
  return stat(path).then(
    ({ ctimeMs }) => Math.trunc(ctimeMs),
    () => null,
  );
}

async function remove(path: string): Promise<void> {
  await unlink(path).catch((thrown: unknown) => {
    if (!isAbsent(thrown)) throw thrown;
  });
}
