/** Waiting for a control socket: nobody asks for what a watch will tell, and what it tells during a dial is not lost. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { DoorFixture } from "../../support/runners-door.ts";

const DIAL = "../../../src/runners/dial.ts";
const world = {
  dials: [] as PromiseWithResolvers<never>[],
  watched: true,
  arrived: (): void => undefined,
};

let fixture: DoorFixture;
beforeEach(async () => {
  world.dials.length = 0;
  world.watched = true;
  // Another test of the same worker may have loaded the real one before.
  vi.resetModules();
  vi.doMock(DIAL, () => ({
    dial: () => {
      const dialled = Promise.withResolvers<never>();
      world.dials.push(dialled);
      return dialled.promise;
    },
    watchArrival: (_folder: string, { arrived }: Readonly<{ arrived(): void }>) => {
      world.arrived = arrived;
      return world.watched ? { close: () => undefined } : null;
    },
  }));
  const { doorFixture } = await import("../../support/runners-door.ts");
  vi.useFakeTimers();
  fixture = doorFixture();
});
afterEach(async () => {
  vi.useRealTimers();
  await fixture.close();
  vi.doUnmock(DIAL);
  vi.resetModules();
});

/** Attaches, and waits for the first dial. */
async function attached(): Promise<void> {
  fixture.door.attach("web", 0);
  await vi.waitFor(() => expect(world.dials).toHaveLength(1), { interval: 1 });
}

function refuse(code: string): void {
  world.dials.at(-1)?.reject(Object.assign(new Error(code), { code }));
}

test("a socket that is not there is waited for, not asked for", async () => {
  await attached();
  refuse("ENOENT");
  await vi.advanceTimersByTimeAsync(100);
  expect(world.dials).toHaveLength(1);
  world.arrived();
  await vi.advanceTimersByTimeAsync(1);
  expect(world.dials).toHaveLength(2);
});

test("a socket that came while a dial was under way is dialled again soon", async () => {
  await attached();
  world.arrived();
  await vi.advanceTimersByTimeAsync(1);
  refuse("ENOENT");
  await vi.advanceTimersByTimeAsync(20);
  expect(world.dials).toHaveLength(2);
});

test.each([
  ["a socket that does not listen yet", "ECONNREFUSED", true],
  ["a socket in a folder nobody can watch", "ENOENT", false],
] as const)("%s is asked for again soon", async (_, code, watched) => {
  world.watched = watched;
  await attached();
  refuse(code);
  await vi.advanceTimersByTimeAsync(20);
  expect(world.dials).toHaveLength(2);
});
