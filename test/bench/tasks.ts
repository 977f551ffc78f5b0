/** Tasks: how soon one starts, also in a project at rest, what the queue carries, how many short processes, and what the allocator costs and promises. */
import { hostFile, projectsText, somePool } from "./declared.ts";
import { fairnessRows } from "./pool-fairness.ts";
import { passRows } from "./pool-pass.ts";
import type { Row } from "./report.ts";
import { benchStack, type Scale } from "./stacks.ts";
import { queueRows } from "./task-queue.ts";
import { shortRows } from "./task-short.ts";
import { STAMP, startRows } from "./task-start.ts";
import { atRest, wakeRows } from "./task-wake.ts";

const PROJECTS = ["left", "right"] as const;
const RESTING = { frozen: "frozen", stopped: "stopped" } as const;
/** Few of them run at an instant: most are being claimed, handed over or recorded. */
const AT_ONCE = 32;
const PIDS = 256;

export async function tasksBench(scale: Scale): Promise<readonly Row[]> {
  const queue = await queueRows(scale.queued, Math.min(3, scale.rounds));
  return [...(await onStack(scale)), ...queue, ...passRows(), ...fairnessRows()];
}

async function onStack(scale: Scale): Promise<readonly Row[]> {
  const stack = await benchStack();
  try {
    const agents = worker("coder", STAMP, 1) + worker("short", ["/bin/true"], AT_ONCE);
    const declared = hostFile({
      pool: somePool().pool,
      names: PROJECTS,
      agents,
      slots: PROJECTS.length * AT_ONCE,
      atOnce: AT_ONCE,
      pids: PIDS,
    });
    const waker = worker("coder", STAMP, 1);
    const resting =
      projectsText({ names: [RESTING.frozen], agents: waker, idle: "{ freeze_after: 1s }" }) +
      projectsText({ names: [RESTING.stopped], agents: waker, idle: "{ stop_after: 1s }" });
    await stack.ok("apply", "-f", stack.write("tasks.yaml", declared + resting), "--wait", "-y");
    await atRest(stack, RESTING);
    const starts = await startRows(stack, PROJECTS[0], scale.samples * 5);
    const short = await shortRows(stack, PROJECTS, {
      count: scale.short,
      rounds: Math.min(3, scale.rounds),
    });
    const wakes = await wakeRows(stack, RESTING, Math.ceil(scale.samples / 2));
    return [...starts, ...wakes, ...short];
  } finally {
    await stack.close();
  }
}

/** A worker as one line of YAML. */
function worker(name: string, command: readonly string[], max: number): string {
  return `      ${name}: { command: ${JSON.stringify(command)}, on: task, max: ${max}, timeout: 60s }\n`;
}
