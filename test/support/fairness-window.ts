/** How even shares are over windows of decisions while everybody always has work: for the property tests and the bench. */
import { jain } from "../../src/plan/pool/fairness.ts";
import { STRATEGIES } from "../../src/plan/pool/strategies.ts";
import type { Strategy } from "../../src/plan/pool/strategy.ts";
import { Machine, poolLimits, poolOf, projectLimits, waitingTasks } from "./pool-samples.ts";

/** The projects that get slots one after the other while everybody always has work. */
export function saturated(
  weights: readonly number[],
  decisions: number,
  perPass = 1,
): readonly number[] {
  const names = weights.map((_, at) => `p${at}`);
  const tasks = names.flatMap((project) => waitingTasks(decisions, { project }));
  const limits = poolLimits(
    perPass,
    weights.map((weight, at) => projectLimits(`p${at}`, { weight })),
  );
  const machine = new Machine(poolOf(tasks), STRATEGIES["weighted-round-robin"]);
  const winners: number[] = [];
  while (winners.length < decisions)
    for (const { project, task } of machine.give(limits)) {
      winners.push(names.indexOf(project));
      machine.pool.finish(task.id);
    }
  return winners;
}

/** Most decisions from one turn of a project to its next, its first included. */
export function longestGap(winners: readonly number[], owner: number): number {
  const turns = winners.flatMap((winner, made) => (winner === owner ? [made] : []));
  return Math.max(0, ...turns.map((made, next) => made - (turns[next - 1] ?? -1)));
}

/** Worst Jain index over windows of so many decisions of weights 1:2:4, durations unequal by project and by task. */
export function worstWindow(
  strategy: Strategy,
  slots: number,
  length = 100,
): Record<"starts" | "time", number> {
  const weights = [1, 2, 4];
  const typical = [900, 300, 100];
  const tasks = weights.flatMap((_, at) => waitingTasks(2_000, { project: `p${at}` }));
  const limits = poolLimits(
    slots,
    weights.map((weight, at) => projectLimits(`p${at}`, { weight, meanMs: typical[at] ?? null })),
  );
  const machine = new Machine(poolOf(tasks), strategy);
  const ends: { at: number; task: string; since: number; owner: number }[] = [];
  const starts: number[] = [];
  const held: number[][] = [];
  const sums = weights.map(() => 0);
  let draw = 7 + slots;
  while (starts.length < 400) {
    for (const { task, project } of machine.give(limits)) {
      draw = (draw * 16_807) % 2_147_483_647;
      const owner = Number(project.slice(1));
      const durationMs = (typical[owner] ?? 1) * (0.5 + draw / 2_147_483_647);
      ends.push({ at: machine.now + durationMs, task: task.id, since: machine.now, owner });
      starts.push(owner);
      held.push([...sums]);
    }
    ends.sort((a, b) => a.at - b.at);
    const [end] = ends.splice(0, 1);
    if (end === undefined) break;
    const passedMs = end.at - machine.now;
    for (const { owner } of [...ends, end]) sums[owner] = (sums[owner] ?? 0) + passedMs;
    machine.now = end.at;
    machine.pool.finish(end.task);
  }
  let [byStarts, byTime] = [1, 1];
  for (let from = 40; from + length < starts.length; from += 1) {
    const window = starts.slice(from, from + length);
    const counts = weights.map(
      (weight, at) => window.filter((owner) => owner === at).length / weight,
    );
    const times = weights.map(
      (weight, at) => ((held[from + length]?.[at] ?? 0) - (held[from]?.[at] ?? 0)) / weight,
    );
    byStarts = Math.min(byStarts, jain(counts) ?? 1);
    byTime = Math.min(byTime, jain(times) ?? 1);
  }
  return { starts: byStarts, time: byTime };
}
