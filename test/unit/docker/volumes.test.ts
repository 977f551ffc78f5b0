/** Whose a volume is: looked up once for the containers of a moment, and never believed for longer. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Connection } from "../../../src/docker/connection.ts";
import { ownershipLabels } from "../../../src/docker/labels.ts";
import { ownVolume, removeVolume } from "../../../src/docker/volumes.ts";

const OWN = { install: "main", installUid: "u1", epoch: 1 };
const OTHER = { ...OWN, installUid: "u2" };

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

/** An engine with one volume, and how often it was looked at. */
function engine(): Readonly<{ link: Connection; state: { owner: typeof OWN; looks: number } }> {
  const state = { owner: OWN, looks: 0 };
  const volume = {
    async inspect() {
      state.looks += 1;
      return { Name: "v", Labels: ownershipLabels(state.owner) };
    },
    remove: async () => undefined,
  };
  const link = {
    api: { getVolume: () => volume },
    call: (_operation: string, _ms: number, work: (signal: AbortSignal) => Promise<unknown>) =>
      work(new AbortController().signal),
    ownVolumes: new Map(),
  };
  // What volumes ask of a connection.
  return { link: link as unknown as Connection, state };
}

test("one look serves the containers of two seconds, and no more", async () => {
  const { link, state } = engine();
  for (let container = 0; container < 5; container += 1) await ownVolume(link, "v", OWN);
  expect(state.looks).toBe(1);
  vi.advanceTimersByTime(1_999);
  await ownVolume(link, "v", OWN);
  expect(state.looks).toBe(1);
  vi.advanceTimersByTime(1);
  await ownVolume(link, "v", OWN);
  expect(state.looks).toBe(2);
});

test("a volume that changes hands is refused two seconds later, and at once where nobody looked before", async () => {
  const { link, state } = engine();
  await ownVolume(link, "v", OWN);
  state.owner = OTHER;
  vi.advanceTimersByTime(2_000);
  await expect(ownVolume(link, "v", OWN)).rejects.toMatchObject({ code: "docker.name-taken" });
  // A refusal is not remembered as ours.
  await expect(ownVolume(link, "v", OWN)).rejects.toMatchObject({ code: "docker.name-taken" });
});

test("one that was removed is looked at anew", async () => {
  const { link, state } = engine();
  await ownVolume(link, "v", OWN);
  await removeVolume(link, "v");
  state.owner = OTHER;
  await expect(ownVolume(link, "v", OWN)).rejects.toMatchObject({ code: "docker.name-taken" });
});
