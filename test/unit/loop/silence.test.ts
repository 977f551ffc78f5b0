/** A runner that is not heard: told once a silence, by time lived, and only while its container runs unfrozen. */
import { expect, test } from "vitest";
import type { Session } from "../../../src/loop/session.ts";
import { listenForSilence, SILENCE_TURN_MS } from "../../../src/loop/silence.ts";
import type { ContainerState, ObservedContainer } from "../../../src/model/observed.ts";
import type { NewEvent } from "../../../src/postgres/door.ts";
import { deskSession } from "../../support/desk-session.ts";
import { INSTALL, sampleSpec } from "../../support/project-samples.ts";

interface Scene {
  connected: boolean;
  frozen: boolean;
  state: ContainerState;
  container: string;
  engineGone: boolean;
}

function scene() {
  const now: Scene = {
    connected: false,
    frozen: false,
    state: "running",
    container: "c1",
    engineGone: false,
  };
  const told: NewEvent[] = [];
  const desk = deskSession({
    tasks: {} as never,
    runners: {} as never,
    epoch: INSTALL.epoch,
    slots: 1,
    projects: [sampleSpec()],
    now: () => 1_000,
  });
  const session = {
    ...desk,
    doors: { runners: { connected: () => now.connected, frozen: () => now.frozen } },
    modes: { holds: () => now.engineGone },
    relist: { latest: () => ({ at: 0, containers: [seen(now)], networks: [], volumes: [] }) },
    outbox: { add: (event: NewEvent) => told.push(event), flush: async () => true },
  } as unknown as Session;
  let lived = 0;
  /** Looks as often as it is looked for in that many seconds. */
  const pass = (seconds: number): void => {
    for (let turn = 0; turn < (seconds * 1000) / SILENCE_TURN_MS; turn++)
      listenForSilence(session, (lived += SILENCE_TURN_MS));
  };
  return { now, told, pass, session, sleep: (seconds: number) => (lived += seconds * 1000) };
}

function seen({ container: id, state }: Scene): ObservedContainer {
  const own = { ...INSTALL, project: "web", generation: 1, specHash: "s" };
  const name = "berth-main-web";
  return {
    id,
    name,
    image: "i",
    imageId: "i",
    state,
    own,
    networkIds: [],
    networkNames: [],
    createdAt: 0,
  };
}

test("one that is heard, or whose container does not run, is not silent", () => {
  for (const change of [
    { connected: true },
    { frozen: true },
    { state: "paused" },
    { state: "exited" },
  ] as const) {
    const { now, told, pass, session } = scene();
    Object.assign(now, change);
    pass(300);
    expect([told, session.world.silences.size]).toEqual([[], 0]);
  }
});

test("after a minute it is told, once, with what helps; another silence is told again", () => {
  const { now, told, pass, session } = scene();
  pass(60);
  expect(told).toEqual([]);
  expect(session.world.silences.get("web")).toMatchObject({ since: 1_000, told: false });
  pass(5);
  expect(told).toMatchObject([
    {
      project: "web",
      kind: "runner.silent",
      message:
        "its runner has not been heard for 60 s; `berth restart web` gives it a new container",
      fields: { seconds: 60, container: "c1" },
    },
  ]);
  pass(600);
  expect(told).toHaveLength(1);
  now.connected = true;
  pass(5);
  now.connected = false;
  pass(65);
  expect(told).toHaveLength(2);
});

test("a new container and a thaw begin a new minute", () => {
  const { now, told, pass } = scene();
  pass(50);
  now.container = "c2";
  pass(60);
  now.frozen = true;
  pass(5);
  now.frozen = false;
  pass(60);
  expect(told).toEqual([]);
});

test("time in which this process stood still, or nobody could see what runs, does not count", () => {
  const { now, told, pass, sleep } = scene();
  pass(30);
  sleep(3_600);
  pass(15);
  now.engineGone = true;
  pass(120);
  now.engineGone = false;
  pass(5);
  expect(told).toEqual([]);
  pass(30);
  expect(told).toHaveLength(1);
});
