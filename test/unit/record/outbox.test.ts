/** The outbox: in order, nothing twice, bounded, and honest about what it dropped. */
import { expect, test } from "vitest";
import type { NewEvent } from "../../../src/postgres/door.ts";
import { createOutbox } from "../../../src/record/outbox.ts";

const event = (message: string): NewEvent => ({
  project: null,
  kind: "test.event",
  cause: "daemon",
  message,
  fields: {},
});

test("events wait while the database is away and then go in order, once", async () => {
  const written: string[] = [];
  let away = true;
  const outbox = createOutbox(
    {
      appendEvents: async (_epoch, events) => {
        if (away) throw new Error("away");
        written.push(...events.map(({ message }) => message));
        return [];
      },
    },
    () => 1,
    () => undefined,
  );
  for (const name of ["a", "b", "c"]) outbox.add(event(name));
  expect(await outbox.flush()).toBe(false);
  outbox.add(event("d"));
  away = false;
  expect(await Promise.all([outbox.flush(), outbox.flush()])).toEqual([true, true]);
  expect(written).toEqual(["a", "b", "c", "d"]);
  expect(outbox.waiting()).toBe(0);
});

test("past its bound the oldest go and one event says how many", async () => {
  const written: string[] = [];
  const outbox = createOutbox(
    {
      appendEvents: async (_epoch, events) => (
        written.push(...events.map(({ message }) => message)),
        []
      ),
    },
    () => 1,
    () => undefined,
  );
  for (let index = 0; index < 10_003; index += 1) outbox.add(event(String(index)));
  await outbox.flush();
  expect(written).toContain("3 events were dropped while the database was away");
  expect(written).not.toContain("2");
  expect(written).toContain("3");
  expect(written).toContain("10002");
});

test("nothing is written while nobody leads", async () => {
  const outbox = createOutbox(
    { appendEvents: () => Promise.reject(new Error("must not be asked")) },
    () => null,
    () => undefined,
  );
  outbox.add(event("a"));
  expect(await outbox.flush()).toBe(false);
  expect(outbox.waiting()).toBe(1);
});

test("events that were added one by one in a turn are one write", async () => {
  const writes: number[] = [];
  const outbox = createOutbox(
    { appendEvents: async (_epoch, events) => (writes.push(events.length), []) },
    () => 1,
    () => undefined,
  );
  for (const name of ["a", "b", "c"]) {
    outbox.add(event(name));
    void outbox.flush();
  }
  expect(await outbox.flush()).toBe(true);
  expect(writes).toEqual([3]);
});
