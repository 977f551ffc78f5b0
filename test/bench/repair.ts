/** A container's main process is killed: how long until its agent runs again, here, by hand and by Docker's own policy. */
import type { Readable } from "node:stream";
import { BEATER, untilBeat } from "./beat.ts";
import { agent, hostFile, namesOf, somePool } from "./declared.ts";
import { median } from "./numbers.ts";
import type { Row } from "./report.ts";
import { bareEngine, type BareEngine } from "./rivals.ts";
import { benchStack, expectRunning, type Scale } from "./stacks.ts";

const REPAIR_RATIO = 1.4;

interface Victim {
  readonly id: string;
  /** Host folder of its workspace. */
  readonly folder: string;
}

export async function repairBench(scale: Scale): Promise<readonly Row[]> {
  const count = Math.max(3, scale.rounds);
  const names = namesOf(count);
  const stack = await benchStack();
  const bare = bareEngine();
  try {
    const agents = agent("beat", BEATER);
    await stack.apply(hostFile({ pool: somePool().pool, names, agents }));
    await expectRunning(stack, count);
    const mended = new Set<string>();
    const stopStarting = await startOnDie(bare, mended);
    const samples = { ours: [] as number[], byHand: [] as number[], always: [] as number[] };
    for (const name of names) {
      const container = `berth-${stack.install}-${name}`;
      const ours = { id: container, folder: await workspaceOf(bare, container) };
      samples.ours.push(await killed(bare, ours));
      const byHand = await victim(bare, `hand-${name}`, "no");
      mended.add(byHand.id);
      samples.byHand.push(await killed(bare, byHand));
      samples.always.push(await killed(bare, await victim(bare, `always-${name}`, "always")));
    }
    stopStarting();
    return [rowOf(samples)];
  } finally {
    await Promise.allSettled([bare.close()]);
    await stack.close();
  }
}

async function victim(bare: BareEngine, name: string, restart: "no" | "always"): Promise<Victim> {
  const volume = await bare.volume(name);
  const { container } = await bare.startOne({ command: BEATER, restart, volume });
  return { id: container.id, folder: await workspaceOf(bare, container.id) };
}

async function workspaceOf({ docker }: BareEngine, id: string): Promise<string> {
  const { Mounts: mounts } = await docker.getContainer(id).inspect();
  const found = mounts.find(({ Destination: at }) => at === "/workspace")?.Source;
  if (found === undefined) throw new Error(`${id} has no workspace`);
  return found;
}

async function killed({ docker }: BareEngine, { id, folder }: Victim): Promise<number> {
  const { State: state } = await docker.getContainer(id).inspect();
  return untilBeat(folder, () => process.kill(state.Pid, "SIGKILL"));
}

/** The bare side: on a die event of a container of ours without a policy, start it. */
async function startOnDie(
  { docker, tag }: BareEngine,
  byHand: ReadonlySet<string>,
): Promise<() => void> {
  const filters = { event: ["die"], label: [`berth.bench=${tag}`] };
  const events = (await docker.getEvents({ filters })) as Readable;
  events.on("error", () => undefined);
  events.on("data", (line: Buffer) => {
    const { id = "" } = JSON.parse(line.toString("utf8")) as { id?: string };
    if (byHand.has(id))
      void docker
        .getContainer(id)
        .start()
        .catch(() => undefined);
  });
  return () => events.destroy();
}

function rowOf(samples: Readonly<Record<"ours" | "byHand" | "always", readonly number[]>>): Row {
  const [ours, byHand, always] = [
    median(samples.ours),
    median(samples.byHand),
    median(samples.always),
  ];
  return {
    bench: "repair",
    what: "SIGKILL of a container's main process until its agent runs again",
    unit: "ms",
    ours,
    samples: samples.ours,
    against: [
      { name: "die event + start", value: byHand, samples: samples.byHand },
      { name: "restart: always", value: always, samples: samples.always },
    ],
    goal: `≤ ${REPAIR_RATIO} × die + start (is ${(ours / byHand).toFixed(2)}), < restart: always`,
    met: ours <= REPAIR_RATIO * byHand && ours < always,
  };
}
