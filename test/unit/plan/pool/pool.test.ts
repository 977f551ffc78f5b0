/** The pool's state: who waits in which order, who runs, and what each change does. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { POINT_MS, SUMMIT } from "../../../../src/plan/pool/aging.ts";
import { PoolState } from "../../../../src/plan/pool/pool.ts";
import { AgentQueue } from "../../../../src/plan/pool/queue.ts";
import { poolOf, waitingTask } from "../../../support/pool-samples.ts";

const LATER = { project: "web", agent: "coder", startedAt: 0 };

function order(queue: AgentQueue, now: number): string[] {
  return [...queue.inOrder(now)].map(({ task }) => task.id);
}

test("a queue orders by priority, then deadline, then who waits longer, then id", () => {
  const queue = new AgentQueue();
  queue.insert(waitingTask({ id: "b", readyAt: 10 }));
  queue.insert(waitingTask({ id: "late", deadlineAt: 900, readyAt: 0 }));
  queue.insert(waitingTask({ id: "soon", deadlineAt: 100, readyAt: 50 }));
  queue.insert(waitingTask({ id: "high", priority: 750, readyAt: 60 }));
  queue.insert(waitingTask({ id: "a", readyAt: 10 }));
  queue.insert(waitingTask({ id: "first", readyAt: 5 }));
  expect(order(queue, 60)).toEqual(["high", "soon", "late", "first", "a", "b"]);
  expect(queue.head(60)?.task.id).toBe("high");
});

test("ids are numbers: the order holds where they gain a digit", () => {
  const ids = Array.from({ length: 1_100 }, (_, at) => String(at + 1));
  const queue = new AgentQueue();
  for (const id of ids.toReversed()) queue.insert(waitingTask({ id }));
  expect(order(queue, 0)).toEqual(ids);
  expect(order(queue, SUMMIT * POINT_MS)).toEqual(ids);
});

test("a task that has aged to the summit goes before an urgent new one", () => {
  const queue = new AgentQueue();
  queue.insert(waitingTask({ id: "old", priority: 100 }));
  const aged = (SUMMIT - 100) * POINT_MS;
  queue.insert(waitingTask({ id: "new", priority: 1000, readyAt: aged - 1 }));
  expect(queue.head(aged - 1)?.task.id).toBe("new");
  expect(queue.head(aged)?.task.id).toBe("old");
  expect(order(queue, aged)).toEqual(["old", "new"]);
});

test("a cancelled task leaves the line and the rest keeps its order", () => {
  const tasks = fc.array(
    fc.record({ priority: fc.integer({ min: 0, max: 5 }), readyAt: fc.nat(20) }),
    { minLength: 1, maxLength: 40 },
  );
  fc.assert(
    fc.property(tasks, fc.infiniteStream(fc.boolean()), fc.nat(3_000_000), (made, coins, now) => {
      const queue = new AgentQueue();
      const all = made.map((task, at) => waitingTask({ ...task, id: `t${at}` }));
      for (const task of all) queue.insert(task);
      const gone = new Set(all.filter(() => coins.next().value).map(({ id }) => id));
      const before = order(queue, now);
      for (const id of gone) expect(queue.remove(id)?.id).toBe(id);
      expect(order(queue, now)).toEqual(before.filter((id) => !gone.has(id)));
      expect(queue.head(now)?.task.id).toBe(before.find((id) => !gone.has(id)));
    }),
    { numRuns: 60 },
  );
});

test("a new priority moves a task and keeps what it has waited", () => {
  const pool = poolOf([waitingTask({ id: "a", readyAt: 1 }), waitingTask({ id: "b", readyAt: 2 })]);
  expect(pool.reprioritise("b", 900)).toBe(true);
  const queue = pool.line("web", "coder")?.queue;
  expect(queue?.head(3)?.task).toMatchObject({ id: "b", priority: 900, readyAt: 2 });
  expect(pool.reprioritise("nobody", 1)).toBe(false);
});

test("a task either waits or runs, and every change that finds it elsewhere says so", () => {
  const pool = poolOf([waitingTask({ id: "a" })]);
  expect(pool.insert(waitingTask({ id: "a" }))).toBe(false);
  expect(pool.start("a", 5)).toEqual({ ...LATER, task: "a", startedAt: 5 });
  expect(pool.start("a", 6)).toBeNull();
  expect(pool.insert(waitingTask({ id: "a" }))).toBe(false);
  expect([pool.waiting, pool.running]).toEqual([0, 1]);
  expect(pool.remove("a")).toBeNull();
  expect(pool.finish("a")?.task).toBe("a");
  expect(pool.finish("a")).toBeNull();
  expect(pool.byName()).toEqual([]);
});

test("a slot known to be taken counts, also when its task was thought to wait", () => {
  const pool = poolOf([waitingTask({ id: "a" })]);
  expect(pool.hold({ ...LATER, task: "a" })).toBe(true);
  expect(pool.hold({ ...LATER, task: "a" })).toBe(false);
  expect([pool.waiting, pool.running, pool.line("web", "coder")?.running]).toEqual([0, 1, 1]);
});

test("a copy is equal and apart", () => {
  const pool = poolOf([waitingTask({ id: "a" }), waitingTask({ id: "b" })]);
  pool.start("a", 0);
  const copy = pool.copy();
  copy.finish("a");
  copy.remove("b");
  expect([pool.waiting, pool.running, copy.waiting, copy.running]).toEqual([1, 1, 0, 0]);
  expect(new PoolState().copy().byName()).toEqual([]);
});
