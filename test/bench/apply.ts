/** Many projects at once against bare dockerode and docker compose: first from nothing, then with nothing to do. */
import { setTimeout as sleep } from "node:timers/promises";
import { hostFile, agent, namesOf, SLEEP, somePool } from "./declared.ts";
import { median, msOf } from "./numbers.ts";
import type { Row } from "./report.ts";
import { bareEngine, composeSide } from "./rivals.ts";
import {
  benchStack,
  expectProcesses,
  expectRunning,
  removeProjects,
  type Scale,
} from "./stacks.ts";

/**
 * Every start comes after the removal of another side's twenty containers. An ext4 without a journal looks past each of their
 * inodes whenever it makes one: a folder of four files took 110 us before 10,000 such inodes, 1,000 us in the minute after them, 200 us
 * after 100 s. To wait that out would take an hour; this much is past what is still being written, and every side waits it.
 */
const FORGOTTEN_MS = 6_000;

/** Ours may cost this much more than the bare engine: the runner's own start. */
const APPLY_RATIO = 1.25;

export async function applyBench(scale: Scale): Promise<readonly Row[]> {
  const names = namesOf(scale.projects);
  const stack = await benchStack();
  const bare = bareEngine();
  const compose = composeSide(names);
  try {
    const agents = agent("sleep", SLEEP);
    const file = stack.write("berth.yaml", hostFile({ pool: somePool().pool, names, agents }));
    const apply = () => stack.ok("apply", "-f", file, "--wait", "-y");
    const first = { ours: [] as number[], bare: [] as number[], compose: [] as number[] };
    const nothing = { ours: [] as number[], compose: [] as number[] };

    // Everything once unmeasured: images looked up, caches of every side filled.
    await Promise.all([apply(), bare.startAll(1), compose.up()]);
    await bare.removeAll();
    for (let round = 0; round < scale.rounds; round += 1) {
      nothing.ours.push(await msOf(apply));
      nothing.compose.push(await msOf(compose.up));
    }
    await Promise.all([removeProjects(stack, names), compose.down()]);

    for (let round = 0; round < scale.rounds; round += 1) {
      await sleep(FORGOTTEN_MS);
      first.bare.push(await msOf(() => bare.startAll(names.length)));
      await bare.removeAll();
      await sleep(FORGOTTEN_MS);
      first.ours.push(await msOf(apply));
      await expectProcesses(stack, names, "sleep");
      await expectRunning(stack, names.length);
      await removeProjects(stack, names);
      await sleep(FORGOTTEN_MS);
      first.compose.push(await msOf(compose.up));
      await compose.down();
    }
    return [firstRow(first, names.length), nothingRow(nothing, names.length)];
  } finally {
    await Promise.allSettled([bare.close(), compose.close()]);
    await stack.close();
  }
}

function firstRow(
  samples: Readonly<Record<"ours" | "bare" | "compose", readonly number[]>>,
  count: number,
): Row {
  const [ours, bare, compose] = [samples.ours, samples.bare, samples.compose].map(median);
  const ratio = (ours ?? Number.NaN) / (bare ?? Number.NaN);
  return {
    bench: "apply",
    what: `apply --wait of ${count} projects, each with its network, until every agent runs`,
    unit: "ms",
    ours: ours ?? Number.NaN,
    samples: samples.ours,
    against: [
      { name: "bare dockerode", value: bare ?? Number.NaN, samples: samples.bare },
      { name: "compose up", value: compose ?? Number.NaN, samples: samples.compose },
    ],
    goal: `≤ ${APPLY_RATIO} × bare (is ${ratio.toFixed(2)}), < compose`,
    met: ratio <= APPLY_RATIO && (ours ?? Number.NaN) < (compose ?? Number.NaN),
  };
}

function nothingRow(
  samples: Readonly<Record<"ours" | "compose", readonly number[]>>,
  count: number,
): Row {
  const [ours, compose] = [median(samples.ours), median(samples.compose)];
  return {
    bench: "nothing",
    what: `apply --wait of the same ${count} projects with nothing to do`,
    unit: "ms",
    ours,
    samples: samples.ours,
    against: [{ name: "compose up", value: compose, samples: samples.compose }],
    goal: `≤ compose (is ${(ours / compose).toFixed(2)} ×)`,
    met: ours <= compose,
  };
}
