/** Doubt is mended within half a second, once the database is there; a desk without doubt is not woken for it. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openDesk } from "../../../../src/loop/tasks/desk.ts";
import { projectSpec } from "../../../support/declarations.ts";
import { deskSession, heardRunner } from "../../../support/desk-session.ts";
import { fakeTaskDoor } from "../../../support/fake-task-door.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** An open desk, and how often it has read what waits since it was opened. */
async function aDesk() {
  const { door } = fakeTaskDoor(() => "answered", Date.now);
  let reads = 0;
  const session = deskSession({
    tasks: {
      ...door,
      waiting: () => {
        reads += 1;
        return door.waiting();
      },
    },
    runners: heardRunner({ take: async () => undefined }),
    epoch: 1,
    slots: 1,
    projects: [projectSpec("web")],
    now: Date.now,
  });
  const desk = await openDesk(session);
  session.desk = desk;
  reads = 0;
  return { desk, reads: () => reads, modes: session.modes };
}

test("a timer is there while there is doubt, and what is doubted many times is read once", async () => {
  const { desk, reads } = await aDesk();
  const calm = vi.getTimerCount();
  desk.doubt();
  desk.doubt();
  expect(vi.getTimerCount()).toBe(calm + 1);
  await vi.advanceTimersByTimeAsync(500);
  expect([reads(), vi.getTimerCount()]).toEqual([1, calm]);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(reads()).toBe(1);
  desk.close();
});

test("while the database is away doubt waits, and is mended once it is back", async () => {
  const { desk, reads, modes } = await aDesk();
  modes.set("postgres-gone", true, "away");
  desk.doubt();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(reads()).toBe(0);
  modes.set("postgres-gone", false, "answers");
  await vi.advanceTimersByTimeAsync(500);
  expect(reads()).toBe(1);
  desk.close();
});
