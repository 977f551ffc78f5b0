/** One line of the engine's event stream, translated. */
import { expect, test } from "vitest";
import { translated } from "../../../src/docker/events.ts";

const LINE = {
  Type: "container",
  Action: "die",
  Actor: {
    ID: "abc",
    Attributes: {
      name: "berth-main-web",
      exitCode: "137",
      "berth.install": "main",
      "berth.epoch": "x1",
    },
  },
  time: 1_700_000_000,
  timeNano: 1_700_000_000_123_000_000,
};

test("name, moment and labels are read, and a label that is no number is none", () => {
  expect(translated(LINE)).toEqual({
    at: 1_700_000_000_123,
    type: "container",
    action: "die",
    id: "abc",
    name: "berth-main-web",
    own: {
      install: "main",
      installUid: null,
      project: null,
      generation: null,
      specHash: null,
      epoch: null,
    },
    attributes: LINE.Actor.Attributes,
  });
});

test.each([
  ["an exec", { ...LINE, Action: "exec_start: sh" }],
  ["a type nobody knows", { ...LINE, Type: "swarm" }],
  ["what nobody acts on", { ...LINE, Type: "volume", Action: "create" }],
  ["no actor", { ...LINE, Actor: null }],
  ["no action", { ...LINE, Action: 3 }],
])("%s is not an event", (_, line) => {
  expect(translated(line)).toBeNull();
});
