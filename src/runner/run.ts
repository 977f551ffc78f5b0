/** One run: a process of an agent with its output, from before its start until nothing of its tree is left. */
import { closeSync, fchownSync, openSync, readSync } from "node:fs";
import { Socket } from "node:net";
import type { OutputStream } from "../protocol/segment.ts";
import type { RunMeta } from "../protocol/spool.ts";
import type { AgentPlan } from "./agent-plan.ts";
import type { Clock } from "./clock.ts";
import { condemn } from "./condemn.ts";
import { discardFifo } from "./fifo.ts";
import type { Fifo, FifoPool } from "./fifo.ts";
import type { Identity } from "./identity.ts";
import { isExecuted, launch, nextMarker, startLabel } from "./launch.ts";
import type { Exit } from "./launch.ts";
import type { OpenRuns } from "./open-runs.ts";
import type { OutputStore, RunOutput } from "./output.ts";
import { killTree, terminateTree } from "./tree-kill.ts";

/** After the tree is dead both FIFOs end at once, unless a stranger of the same project took a descriptor along. */
const DRAIN_DEADLINE_MS = 1_000;
/** How long to look whether exec happened; the process counts as started then in any case. */
const EXEC_LOOKS_MS: readonly number[] = [1, 1, 1, 2, 2, 5, 10, 20, 50, 100, 200, 500];
const HEAD_BYTES = 512;
/** chpst's, then env's. */
const START_FAILURES: ReadonlySet<number> = new Set([111, 125, 126, 127]);
/** Reads happen one after another and are written at once, so all streams share one buffer; a pipe holds 64 KiB. */
const shared = Buffer.alloc(65_536);

export interface RunRoom {
  readonly boot: string;
  readonly clock: Clock;
  readonly store: OutputStore;
  readonly fifos: FifoPool;
  readonly openRuns: OpenRuns;
}

export type RunVerdict =
  | Readonly<{ ok: true; run: ActiveRun }>
  | Readonly<{ ok: false; id: string; reason: string }>;

/** Sorts by start time, unique beyond any clock. */
export function newRunId(now: number): string {
  return `${Math.trunc(now).toString(36)}-${randomHex(5)}`;
}

/** Straight from the kernel: loading node:crypto would cost every runner 4 ms of its start. */
function randomHex(count: number): string {
  const bytes = Buffer.alloc(count);
  const fd = openSync("/dev/urandom", "r");
  readSync(fd, bytes);
  closeSync(fd);
  return bytes.toString("hex");
}

/** Starts the planned process; resolves when its command runs, ended, or could not be started. */
export async function startRun(
  plan: AgentPlan,
  replica: number,
  room: RunRoom,
): Promise<RunVerdict> {
  const startedAt = room.clock.now();
  const id = newRunId(startedAt);
  if (!plan.identity.ok) return { ok: false, id, reason: plan.identity.reason };
  const { generation, spec } = plan;
  const meta = { run: id, agent: spec.name, replica, boot: room.boot, generation, startedAt };
  const own = { BERTH_REPLICA: String(replica), BERTH_RUN_ID: id };
  const parts = { plan, identity: plan.identity.identity, meta, own, feed: null };
  const spawned = await spawnRun(parts, room);
  if (!spawned.ok) return { ok: false, id, reason: spawned.reason };
  const { run } = spawned;
  const failure = await run.executed();
  if (failure === null) return { ok: true, run };
  await run.finish();
  return { ok: false, id, reason: failure };
}

export interface SpawnParts {
  readonly plan: AgentPlan;
  readonly identity: Identity;
  readonly meta: RunMeta;
  readonly own: Readonly<Record<string, string>>;
  /** What a task reads from and writes its result to; the caller closes them. */
  readonly feed: Readonly<{ in: number; result: number }> | null;
}

export type SpawnVerdict =
  | Readonly<{ ok: true; run: ActiveRun }>
  | Readonly<{ ok: false; reason: string }>;

/** Forks; resolves when there is a process, which has yet to become the command. */
export async function spawnRun(parts: SpawnParts, room: RunRoom): Promise<SpawnVerdict> {
  const pair = await room.fifos.takePair();
  const launched = await launchInto(pair, parts, room);
  if (!launched.ok) {
    pair.forEach(discardFifo);
    return launched;
  }
  for (const { writeFd } of pair) closeSync(writeFd);
  const { run: id, startedAt } = parts.meta;
  return { ok: true, run: new ActiveRun({ id, ...launched, startedAt, room, fifos: pair }) };
}

type LaunchedRun = Readonly<{
  ok: true;
  pid: number;
  marker: number;
  exited: Promise<Exit>;
  output: RunOutput;
}>;

/** Everything that can be refused for want of space, descriptors or processes is refused here, as a reason. */
async function launchInto(
  [out, err]: readonly [Fifo, Fifo],
  parts: SpawnParts,
  room: RunRoom,
): Promise<LaunchedRun | Readonly<{ ok: false; reason: string }>> {
  const { plan, identity, meta, feed } = parts;
  try {
    const output = room.store.open(meta);
    room.openRuns.add(meta);
    // The agent's own, so that it may open /dev/stdout again by path.
    fchownSync(out.writeFd, identity.uid, identity.gid);
    fchownSync(err.writeFd, identity.uid, identity.gid);
    const marker = nextMarker();
    const environment = { ...plan.environment, ...parts.own };
    const label = startLabel(meta.run);
    const launched = await launch(
      { ...identity, marker, cwd: plan.cwd, environment, argv: plan.argv, label },
      { out: out.writeFd, err: err.writeFd, ...feed },
    );
    if (!launched.ok) output.end(room.clock.now());
    return launched.ok ? { ...launched, marker, output } : launched;
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
  readonly fifos: readonly [Fifo, Fifo];
}

export class ActiveRun {
  readonly id: string;
  readonly pid: number;
  readonly marker: number;
  readonly startedAt: number;
  readonly exited: Promise<Exit>;
  readonly #parts: ActiveParts;
  readonly #drained: Promise<unknown>;
  readonly #sockets: Socket[] = [];
  #stderrHead = "";

  constructor(parts: ActiveParts) {
    this.id = parts.id;
    this.pid = parts.pid;
    this.marker = parts.marker;
    this.startedAt = parts.startedAt;
    this.exited = parts.exited;
    this.#parts = parts;
    const [out, err] = parts.fifos;
    this.#drained = Promise.all([this.#read(out, "stdout"), this.#read(err, "stderr")]);
  }

  /** Waits for the exec; null when the command ran, else why it could not. */
  async executed(): Promise<string | null> {
    for (const ms of EXEC_LOOKS_MS) {
      if (isExecuted(this.pid)) return null;
      const first = await within(this.exited, ms);
      if (first !== "late") return this.#startFailure(first);
    }
    return null;
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
  async finish(): Promise<number> {
    const survivors = await this.kill();
    await within(this.#drained, DRAIN_DEADLINE_MS);
    for (const socket of this.#sockets) socket.destroy();
    this.#parts.output.end(this.#parts.room.clock.now());
    return survivors;
  }

  /** Our own programs say why they cannot go on; a command may end with these codes too. */
  async #startFailure({ code }: Exit): Promise<string | null> {
    if (code === null || !START_FAILURES.has(code)) return null;
    await within(this.#drained, DRAIN_DEADLINE_MS);
    const label = `${startLabel(this.id)}: `;
    const [line = ""] = this.#stderrHead.split("\n", 1);
    return line.startsWith(label) ? line.slice(label.length) : null;
  }

  /** Resolves when the stream has ended. */
  #read(fifo: Fifo, stream: OutputStream): Promise<void> {
    const { clock } = this.#parts.room;
    return new Promise((resolve) => {
      const socket = new Socket({
        fd: fifo.readFd,
        readable: true,
        writable: false,
        onread: {
          buffer: shared,
          callback: (length, bytes) => {
            const chunk = bytes.subarray(0, length);
            if (stream === "stderr") this.#keepHead(chunk);
            this.#parts.output.write(clock.now(), stream, chunk);
            return true;
          },
        },
      });
      this.#sockets.push(socket);
      socket.on("error", () => socket.destroy());
      socket.on("end", () => socket.destroy());
      socket.on("close", () => resolve());
      socket.resume();
    });
  }

  #keepHead(chunk: Uint8Array): void {
    if (this.#stderrHead.length >= HEAD_BYTES) return;
    this.#stderrHead += Buffer.from(chunk.subarray(0, HEAD_BYTES)).toString("utf8");
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
