/** Waiting for projects: seldom a look while many are under way, and one at once when the last of them has arrived. */
import { expect, test } from "vitest";
import type { Context } from "../../../src/cli/context.ts";
import { waitFor } from "../../../src/cli/wait.ts";
import type { Event, Project } from "../../../src/client/client.ts";
import { aProject } from "../../support/fake-daemon.ts";

const NAMES = Array.from({ length: 20 }, (_, index) => `p${index}`);

/** A daemon of which only what a wait asks for is there: its projects, and its events as they are said. */
function daemon(names: readonly string[]) {
  const state = { arrived: false, looks: 0, told: Promise.withResolvers<Event>() };
  const queue: Promise<Event>[] = [state.told.promise];
  const say = (project: string, kind: string): void => {
    const event: Partial<Event> = { project, kind };
    state.told.resolve(event as Event);
    state.told = Promise.withResolvers();
    queue.push(state.told.promise);
  };
  const client = {
    async projects(): Promise<readonly Project[]> {
      state.looks += 1;
      return names.map((name) =>
        aProject(name, state.arrived ? {} : { phase: "activating", health: "starting" }),
      );
    },
    async *follow(): AsyncGenerator<Event> {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) yield await next;
    },
  };
  const context: Partial<Context> = {
    signal: new AbortController().signal,
    progress: "quiet",
    client: async () => client as never,
  };
  return { state, say, context: context as Context };
}

test("events of many projects under way call for few looks; the arrival of all for one at once", async () => {
  const { state, say, context } = daemon(NAMES);
  const waited = waitFor(context, { names: NAMES, timeoutMs: 10_000 });
  const begun = performance.now();
  const chatter = setInterval(() => say("p0", "container.started"), 5);
  await expect.poll(() => state.looks, { timeout: 5_000 }).toBe(4);
  clearInterval(chatter);
  // Three pauses of a quarter of a second lie between four looks.
  expect(performance.now() - begun).toBeGreaterThan(700);

  const last = performance.now();
  state.arrived = true;
  for (const name of NAMES) say(name, "project.settled");
  await waited;
  // A tenth of a second, because agents that have only just started are looked at again; a pause would be 250 ms.
  expect(performance.now() - last).toBeLessThan(180);
});

test("a view that lags behind what was told is looked at again soon", async () => {
  const { state, say, context } = daemon(["p0"]);
  const waited = waitFor(context, { names: ["p0"], timeoutMs: 10_000 });
  await expect.poll(() => state.looks, { timeout: 5_000 }).toBeGreaterThan(1);
  const told = performance.now();
  say("p0", "project.settled");
  await expect.poll(() => state.looks, { interval: 1 }).toBeGreaterThan(2);
  state.arrived = true;
  await waited;
  // What nobody tells of is looked for within a quarter of a second, and has to hold for a tenth.
  expect(performance.now() - told).toBeLessThan(230);
});
