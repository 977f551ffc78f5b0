/** One run: a process of an agent with its output, from before its start until nothing of its tree is left. */
import type { MemoryCurve } from "../model/run.ts";
import { newRunId } from "../protocol/run-id.ts";
import type { RunMeta } from "../protocol/spool.ts";
import type { AgentPlan } from "../model/agent-plan.ts";
import type { Clock } from "./clock.ts";
import { readMemoryLimit, readWorkingSet } from "./cgroup.ts";
import { condemn } from "./condemn.ts";
import { readPipe } from "./fifo.ts";
import type { PipeReader } from "./fifo.ts";
import type { Begun, TakesFirst } from "./first-starts.ts";
import type { Identity } from "../model/identity.ts";
import { nextMarker } from "./launch.ts";
import type { Exit, Launcher } from "./launch.ts";
import { SERVICE_STREAMS, STREAMS } from "../protocol/launch-frame.ts";
import type { StreamName } from "../protocol/launch-frame.ts";
import { CurveRecorder } from "./memory-curve.ts";
import type { OpenRuns } from "./open-runs.ts";
import type { OutputStore } from "./output.ts";
import type { RunOutput } from "./run-output.ts";
import type { Speech } from "./speech.ts";
import { killTree, terminateTree } from "./tree-kill.ts";

/** After the tree is dead both pipes end at once, unless a stranger of the same project took a descriptor along. */
export const DRAIN_DEADLINE_MS = 1_000;

export interface RunRoom {
  readonly boot: string;
  readonly clock: Clock;
  readonly store: OutputStore;
  readonly launcher: Launcher;
  readonly openRuns: OpenRuns;
  readonly speech: Pick<Speech, "begin" | "end" | "voiceOf">;
  readonly first: TakesFirst;
}

export type RunVerdict =
  | Readonly<{ ok: true; run: ActiveRun }>
  | Readonly<{ ok: false; id: string; reason: string }>;

/** Starts the planned process, or takes over the one that was begun before; resolves when its command runs, or could not be started. */
export async function startRun(
  plan: AgentPlan,
  { replica, restarts }: Readonly<{ replica: number; restarts: number }>,
  room: RunRoom,
): Promise<RunVerdict> {
  const begun = room.first.take(plan.spec.name, replica);
  const startedAt = begun?.startedAt ?? room.clock.now();
  const id = begun?.run ?? newRunId(startedAt, Math.random);
  if (!plan.identity.ok) return { ok: false, id, reason: plan.identity.reason };
  const { generation, spec } = plan;
  const meta = {
    run: id,
    agent: spec.name,
    replica,
    boot: room.boot,
    generation,
    startedAt,
    ...(restarts > 0 ? { restarts } : {}),
  };
  const own = { BERTH_REPLICA: String(replica), BERTH_RUN_ID: id };
  const parts = {
    plan,
    identity: plan.identity.identity,
    meta,
    own,
    task: null,
    feed: null,
    begun,
  };
  const spawned = await spawnRun(parts, room);
  return spawned.ok ? spawned : { ...spawned, id };
}

export interface SpawnParts {
  readonly plan: AgentPlan;
  readonly identity: Identity;
  readonly meta: RunMeta;
  readonly own: Readonly<Record<string, string>>;
  readonly task: string | null;
  /** Its process was started before this program was. */
  readonly begun: Begun | null;
  /** The path of what a task reads from, and who takes the end from which its result is read. */
  readonly feed: Readonly<{ in: string; result: (readFd: number) => void }> | null;
}

export type SpawnVerdict =
  | Readonly<{ ok: true; run: ActiveRun }>
  | Readonly<{ ok: false; reason: string }>;

/** Forks and execs; resolves when the command runs, or with why it cannot. */
export async function spawnRun(parts: SpawnParts, room: RunRoom): Promise<SpawnVerdict> {
  const launched = await launch(parts, room);
  if (!launched.ok) {
    room.speech.end(parts.meta.run);
    return launched;
  }
  const { run: id, startedAt } = parts.meta;
  return { ok: true, run: new ActiveRun({ id, ...launched, startedAt, room }) };
}

type LaunchedRun = Readonly<{
  ok: true;
  pid: number;
  marker: number;
  exited: Promise<Exit>;
  output: RunOutput;
  readers: readonly PipeReader[];
}>;

/** Everything that can be refused for want of space, descriptors or processes is refused here, as a reason. */
async function launch(
  parts: SpawnParts,
  room: RunRoom,
): Promise<LaunchedRun | Readonly<{ ok: false; reason: string }>> {
  const { plan, identity, meta, feed, begun } = parts;
  try {
    const output = room.store.open(meta, parts.task === null ? "at-once" : "with-output");
    room.openRuns.add(meta);
    const marker = begun?.marker ?? nextMarker();
    const { run, agent, replica } = meta;
    const spoken = room.speech.begin({ run, agent, replica, task: parts.task }, identity);
    const environment = { ...plan.environment, ...parts.own, ...spoken };
    const readers: PipeReader[] = [];
    const take = (stream: StreamName, readFd: number): void => {
      if (stream === "result") feed?.result(readFd);
      else readers.push(readPipe(readFd, (bytes) => output.write(room.clock.now(), stream, bytes)));
    };
    const command = { ...identity, marker, cwd: plan.cwd, environment, argv: plan.argv };
    const streams = feed === null ? SERVICE_STREAMS : { in: feed.in, heard: STREAMS };
    const launched = await (begun === null
      ? room.launcher.start(command, streams, take)
      : room.launcher.adopt(begun.id, command, take));
    if (!launched.ok) output.end(room.clock.now());
    return launched.ok ? { ...launched, marker, output, readers } : launched;
  } catch (thrown) {
    return { ok: false, reason: `the spool refused: ${String(thrown)}` };
  }
}

interface ActiveParts {
  readonly id: string;
  readonly pid: number;
  readonly marker: number;
  readonly startedAt: number;
  readonly exited: Promise<Exit>;
  readonly room: RunRoom;
  readonly output: RunOutput;
  /** Of what it has printed into so far. */
  readonly readers: readonly PipeReader[];
}

export class ActiveRun {
  readonly id: string;
  readonly pid: number;
  readonly marker: number;
  readonly startedAt: number;
  readonly exited: Promise<Exit>;
  readonly #parts: ActiveParts;
  readonly #memory: CurveRecorder;

  constructor(parts: ActiveParts) {
    this.id = parts.id;
    this.pid = parts.pid;
    this.marker = parts.marker;
    this.startedAt = parts.startedAt;
    this.exited = parts.exited;
    this.#parts = parts;
    const lived = (): number => parts.room.clock.lived();
    this.#memory = new CurveRecorder({ look: () => readWorkingSet(lived()), lived });
  }

  terminate(): void {
    terminateTree(this.marker);
  }

  /** Kills the whole tree, the main process included; returns how many were alive. */
  async kill(): Promise<number> {
    const { killed, gone } = await killTree(this.marker);
    if (!gone) condemn(`run ${this.id} cannot be killed`);
    return killed;
  }

  /** After the main process ended: ends its descendants, takes the last output, closes the files. Returns survivors found. */
  async finish({ alone }: Exit): Promise<number> {
    const { readers, output, room } = this.#parts;
    this.#memory.end();
    const survivors = alone ? 0 : await this.kill();
    room.speech.end(this.id);
    if (readers.length > 0)
      await within(Promise.all(readers.map(({ ended }) => ended)), DRAIN_DEADLINE_MS);
    for (const reader of readers) reader.destroy();
    output.end(room.clock.now());
    return survivors;
  }

  /** Its container's memory from its start to `finish`. Who was killed for memory had reached the limit. */
  memory(oom: boolean): Readonly<{ memory?: MemoryCurve }> {
    const memory = this.#memory.points(oom ? readMemoryLimit() : null);
    return memory.length === 0 ? {} : { memory };
  }
}

/** What it resolves to, or `late`; no timer is left behind, for a thousand short runs a second would leave thousands. */
export async function within<T>(promise: Promise<T>, ms: number): Promise<T | "late"> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
