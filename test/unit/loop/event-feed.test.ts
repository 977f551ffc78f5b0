/** Followers of events: each gets every event once and in order, wherever it began, and many cost the records no more than one. */
import { expect, test } from "vitest";
import { EventFeed } from "../../../src/loop/serve/event-feed.ts";
import type { EventRecord } from "../../../src/model/event.ts";
import { anEvent } from "../../support/fake-daemon.ts";

/** Records that count how often they are asked, and wake who waits. */
function records() {
  const all: EventRecord[] = [];
  let woken = Promise.withResolvers<void>();
  const world = {
    queries: 0,
    failing: false,
    write(...events: readonly EventRecord[]): void {
      all.push(...events);
      const before = woken;
      woken = Promise.withResolvers();
      before.resolve();
    },
    feed: new EventFeed({
      written: () => woken.promise,
      postgres: {
        async events({ after, project, limit, newestFirst }) {
          world.queries += 1;
          await Promise.resolve();
          if (world.failing) throw new Error("away");
          if (newestFirst) return all.slice(-limit).toReversed();
          return all
            .filter((event) => event.id > (after ?? 0))
            .filter((event) => project === null || event.project === project)
            .slice(0, limit);
        },
      },
    }),
  };
  return world;
}

async function take(
  feed: EventFeed,
  query: Readonly<{ after: number | null; project?: string }>,
  { count, each = () => undefined }: { count: number; each?: () => unknown },
): Promise<number[]> {
  const ids: number[] = [];
  const stop = new AbortController();
  const asked = { project: null, ...query };
  for await (const event of feed.follow(asked, stop.signal)) {
    ids.push(event.id);
    await each();
    if (ids.length === count) stop.abort();
  }
  return ids;
}

const upTo = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_none, at) => from + at);
const made = (from: number, to: number) => upTo(from, to).map((id) => anEvent(id));

test("five hundred followers are told of each event, and the records are asked as for one", async () => {
  const world = records();
  const followers = Array.from({ length: 500 }, () =>
    take(world.feed, { after: 0 }, { count: 20 }),
  );
  await new Promise((resolve) => setImmediate(resolve));
  for (const id of upTo(1, 20)) {
    world.write(anEvent(id));
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (const ids of await Promise.all(followers)) expect(ids).toEqual(upTo(1, 20));
  expect(world.queries).toBeLessThan(60);
});

test("who resumes far behind reads the records, then what happens, without a gap or a double", async () => {
  const world = records();
  world.write(...made(1, 1_800));
  let written = 1_800;
  const each = () => {
    if (written < 2_400) world.write(anEvent((written += 1)));
  };
  expect(await take(world.feed, { after: 3 }, { count: 2_397, each })).toEqual(upTo(4, 2_400));
});

test("who is slower than what is kept falls back on the records", async () => {
  const world = records();
  const quick = take(world.feed, { after: 0 }, { count: 6_000 });
  let first = true;
  const each = async () => {
    if (!first) return;
    first = false;
    for (let from = 2; from <= 6_000; from += 500) {
      world.write(...made(from, Math.min(6_000, from + 499)));
      for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    }
    await quick;
  };
  const slow = take(world.feed, { after: 0 }, { count: 6_000, each });
  await new Promise((resolve) => setImmediate(resolve));
  world.write(anEvent(1));
  expect(await slow).toEqual(upTo(1, 6_000));
});

test("a project's follower sees only its events, also across other projects' thousands", async () => {
  const world = records();
  const other = (id: number) => anEvent(id, { project: id % 100 === 0 ? "web" : "api" });
  world.write(...upTo(1, 1_000).map(other));
  const following = take(world.feed, { after: 0, project: "web" }, { count: 15 });
  await new Promise((resolve) => setImmediate(resolve));
  world.write(...upTo(1_001, 1_500).map(other));
  expect(await following).toEqual(upTo(1, 15).map((at) => at * 100));
});

test("without a place to begin a follower hears what happens from now on", async () => {
  const world = records();
  world.write(...made(1, 5));
  const following = take(world.feed, { after: null }, { count: 2 });
  await new Promise((resolve) => setImmediate(resolve));
  world.write(...made(6, 7));
  expect(await following).toEqual([6, 7]);
});

test("who waits for an event and leaves is gone at once, and with the last of them the reader", async () => {
  const world = records();
  const stop = new AbortController();
  const following = world.feed.follow({ after: 0, project: null }, stop.signal);
  const next = following[Symbol.asyncIterator]().next();
  await expect.poll(() => world.queries).toBe(2);
  const left = performance.now();
  stop.abort();
  expect(await next).toEqual({ done: true, value: undefined });
  expect(performance.now() - left).toBeLessThan(1_000);
  world.write(anEvent(1));
  await new Promise((resolve) => setImmediate(resolve));
  expect(world.queries).toBe(2);
});

test("when the records fail, followers are told, and the next ones begin anew", async () => {
  const world = records();
  const following = take(world.feed, { after: 0 }, { count: 2 });
  await new Promise((resolve) => setImmediate(resolve));
  world.failing = true;
  world.write(anEvent(1));
  await expect(following).rejects.toThrow("away");
  await expect(take(world.feed, { after: 0 }, { count: 1 })).rejects.toThrow("away");
  world.failing = false;
  expect(await take(world.feed, { after: 0 }, { count: 1 })).toEqual([1]);
});
