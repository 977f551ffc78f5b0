/** Waking: from sending a submission to a project at rest to the clock read by its process, beside what the engine alone takes with the same container. */
import Docker from "dockerode";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import type { Socket } from "node:net";
import { encodeFrame, runnerFrameReader } from "../../src/protocol/codec.ts";
import { SPOKEN_VERSIONS } from "../../src/protocol/frame.ts";
import { dial } from "../../src/runners/dial.ts";
import { spoolOf } from "../../src/runners/spool.ts";
import { type Stack, eventually } from "../support/stack.ts";
import { median, msOf } from "./numbers.ts";
import type { Row } from "./report.ts";
import { oneTask, stampsOf } from "./task-start.ts";

const FROZEN_MS = 50;
const STOPPED_RATIO = 1.4;
/** A container that rests is left alone for so long, so that the engine's own work for it is over. */
const SETTLE_MS = 300;
const HELLO_MS = 10_000;
const MAX_GAP_MS = 4;

export interface Resting {
  readonly frozen: string;
  readonly stopped: string;
}

/** Both rows: `count` wakes of each project, then the daemon is killed and the engine does as much with the same containers. */
export async function wakeRows(
  stack: Stack,
  { frozen, stopped }: Resting,
  count: number,
): Promise<Row[]> {
  const thawed = await wakes(stack, { project: frozen, state: "paused" }, count);
  const started = await wakes(stack, { project: stopped, state: "exited" }, count);
  await atRest(stack, { frozen, stopped });
  const epoch = epochOf((await stack.get("/readyz")).body);
  await stack.killDaemon();
  const thaws = await bareThaws(containerOf(stack, frozen), count);
  const starts = await bareStarts(stack, { project: stopped, epoch }, count);
  await stack.startDaemon();
  return rowsOf({ thawed, thaws, started, starts });
}

/** Until both rest. */
export async function atRest(stack: Stack, { frozen, stopped }: Resting): Promise<void> {
  await rests(stack, frozen, "paused");
  await rests(stack, stopped, "exited");
}

async function wakes(
  stack: Stack,
  { project, state }: Readonly<{ project: string; state: string }>,
  count: number,
): Promise<readonly number[]> {
  const samples: Awaited<ReturnType<typeof oneTask>>[] = [];
  // The first pays for what is done once.
  for (let at = 0; at <= count; at += 1) {
    await rests(stack, project, state);
    const sample = await oneTask(stack, project);
    if (at > 0) samples.push(sample);
  }
  const stamps = await stampsOf(stack, project);
  return samples.map(({ run, sentAt }) => (stamps.get(run) ?? Number.NaN) - sentAt);
}

const containerOf = ({ install }: Stack, project: string): Docker.Container =>
  new Docker({ timeout: 60_000 }).getContainer(`berth-${install}-${project}`);

async function rests(stack: Stack, project: string, state: string): Promise<void> {
  const container = containerOf(stack, project);
  await eventually(
    `${project} is ${state}`,
    async () => ((await container.inspect()).State.Status === state ? true : undefined),
    40_000,
  );
  await pause(SETTLE_MS);
}

function epochOf(ready: string): number {
  const { epoch } = JSON.parse(ready) as { epoch: number | null };
  if (epoch === null) throw new Error(`nobody leads: ${ready}`);
  return epoch;
}

async function bareThaws(container: Docker.Container, count: number): Promise<readonly number[]> {
  const samples: number[] = [];
  for (let at = 0; at < count; at += 1) {
    samples.push(await msOf(() => container.unpause()));
    await pause(SETTLE_MS);
    await container.pause();
    await pause(SETTLE_MS);
  }
  return samples;
}

/** Start of the container until its runner has said welcome; its own runner, configuration and limits. */
async function bareStarts(
  stack: Stack,
  { project, epoch }: Readonly<{ project: string; epoch: number }>,
  count: number,
): Promise<readonly number[]> {
  const container = containerOf(stack, project);
  const root = await stack.docker(
    "volume",
    "inspect",
    "-f",
    "{{.Mountpoint}}",
    `berth-${stack.install}-spool`,
  );
  const folder = spoolOf(root, project);
  const samples: number[] = [];
  for (let at = 0; at < count; at += 1) {
    const from = performance.now();
    const welcomed = welcome(folder, { install: stack.install, project, epoch });
    await Promise.all([container.start(), welcomed]);
    samples.push(performance.now() - from);
    await container.stop({ t: 5 });
    await pause(SETTLE_MS);
  }
  return samples;
}

type Hello = Readonly<{ install: string; project: string; epoch: number }>;

/** Dials until somebody listens. The socket of the life before may still be there and refuses. */
async function welcome(folder: string, hello: Hello): Promise<void> {
  const end = performance.now() + HELLO_MS;
  for (;;) {
    const socket = await dial(folder).catch(() => null);
    if (socket !== null && (await greeted(socket, hello))) return;
    if (performance.now() > end) throw new Error("the runner did not say welcome");
    await pause(MAX_GAP_MS);
  }
}

async function greeted(socket: Socket, hello: Hello): Promise<boolean> {
  const reader = runnerFrameReader();
  socket.on("error", () => undefined);
  socket.write(encodeFrame({ kind: "hello", versions: SPOKEN_VERSIONS, ...hello }));
  const [bytes] = (await once(socket, "data")) as [Buffer];
  const { frames } = reader.push(bytes);
  socket.destroy();
  return frames[0]?.kind === "welcome";
}

type Times = Readonly<Record<"thawed" | "thaws" | "started" | "starts", readonly number[]>>;

function rowsOf({ thawed, thaws, started, starts }: Times): Row[] {
  const ratio = median(started) / median(starts);
  const what = "from sending a submission to the clock read by its process";
  return [
    {
      bench: "wake of a frozen project",
      what,
      unit: "ms",
      ours: median(thawed),
      samples: thawed,
      against: [{ name: "docker unpause", value: median(thaws), samples: thaws }],
      goal: `≤ ${FROZEN_MS} ms`,
      met: median(thawed) <= FROZEN_MS,
    },
    {
      bench: "wake of a stopped project",
      what,
      unit: "ms",
      ours: median(started),
      samples: started,
      against: [
        { name: "docker start to the runner's welcome", value: median(starts), samples: starts },
      ],
      goal: `≤ ${STOPPED_RATIO} × the start (is ${ratio.toFixed(2)})`,
      met: ratio <= STOPPED_RATIO,
    },
  ];
}
