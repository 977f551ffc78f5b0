/** The event stream of a real engine: translated, quick, and back by itself when it was cut. */
import { expect, test } from "vitest";
import type { EngineEvent } from "../../../src/model/observed.ts";
import { openCuttableSocket } from "../../support/cuttable-socket.ts";
import { eventually, inside, openHarbour } from "../../support/engine.ts";

test("a container's death is heard with its labels; terminals are not events", async () => {
  const harbour = await openHarbour();
  const heard: EngineEvent[] = [];
  const states: boolean[] = [];
  const stream = harbour.engine.events({
    onEvent: (event) => heard.push(event),
    onState: (connected) => states.push(connected),
  });
  await eventually("connected", () => states.includes(true));
  const id = await harbour.container(harbour.spec("web"));
  await harbour.engine.startContainer(id);
  await inside(harbour.engine, id, ["true"]);
  const from = performance.now();
  await harbour.engine.killContainer(id);
  const death = await eventually("the die event", () =>
    heard.find((event) => event.id === id && event.action === "die"),
  );
  expect(performance.now() - from).toBeLessThan(2_000);
  expect(death).toMatchObject({
    type: "container",
    name: harbour.name("web"),
    own: {
      install: harbour.own.install,
      installUid: harbour.own.installUid,
      project: "web",
      epoch: 1,
    },
    attributes: { exitCode: "137" },
  });
  expect(Math.abs(death.at - Date.now())).toBeLessThan(60_000);
  const ours = heard.filter((event) => event.id === id).map((event) => event.action);
  expect(ours.filter((action) => action.startsWith("exec"))).toEqual([]);
  stream.close();
  await harbour.engine.removeContainer(id);
  expect(heard.some((event) => event.id === id && event.action === "destroy")).toBe(false);
  expect(states).toEqual([true]);
});

test("a stream that was cut says so and comes back by itself", async () => {
  const harbour = await openHarbour();
  const socket = await openCuttableSocket();
  try {
    const door = harbour.open({ dockerHost: socket.dockerHost });
    const states: boolean[] = [];
    const heard: EngineEvent[] = [];
    door.events({
      onEvent: (event) => heard.push(event),
      onState: (connected) => states.push(connected),
    });
    await eventually("connected", () => states.length === 1);
    socket.cut();
    await eventually("lost and back", () => states.length >= 3);
    expect(states.slice(0, 3)).toEqual([true, false, true]);
    const id = await harbour.container(harbour.spec("web"));
    await eventually("events again", () => heard.some((event) => event.id === id));
  } finally {
    await socket.close();
  }
});

test("without an engine the stream keeps trying until it is closed", async () => {
  const harbour = await openHarbour();
  const door = harbour.open({ dockerHost: "unix:///nonexistent/docker.sock" });
  const states: boolean[] = [];
  const stream = door.events({ onEvent: () => undefined, onState: (up) => states.push(up) });
  await eventually("three tries", () => states.length >= 3);
  stream.close();
  expect(states.every((up) => !up)).toBe(true);
});
