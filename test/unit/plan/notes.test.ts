/** Notes: only what differs from what a new container would have, with what ends it, and nothing where nobody could ask. */
import { expect, test } from "vitest";
import { type NoteSight, notesOf } from "../../../src/plan/notes.ts";

const AS_NEW: NoteSight = {
  project: "web",
  image: "node:26",
  imageId: "sha256:111111111111aa",
  runsOn: "sha256:111111111111aa",
  stopTimeoutSeconds: 15,
  stopNeedsSeconds: 15,
};

test("a container that is as a new one would be has none, and neither has one nobody could look at", () => {
  expect(notesOf(AS_NEW)).toEqual([]);
  expect(notesOf({ ...AS_NEW, imageId: undefined, stopTimeoutSeconds: undefined })).toEqual([]);
});

test("a name that means another image by now is told with both, and one that is gone", () => {
  expect(notesOf({ ...AS_NEW, imageId: "sha256:222222222222bb" })).toEqual([
    "image node:26 means 222222222222 by now, its container runs on 111111111111: `berth restart web` takes it up",
  ]);
  expect(notesOf({ ...AS_NEW, imageId: null })).toEqual([
    "image node:26 is no longer on this host: its container goes on with 111111111111, a new one needs it",
  ]);
});

test("a stop timeout that is too short by now is told; one that is longer than needed harms nobody", () => {
  expect(notesOf({ ...AS_NEW, stopNeedsSeconds: 65 })).toEqual([
    "`docker stop` and the host's shutdown give its agents 15 s, not the 65 they may need now: `berth restart web` gives it a new container",
  ]);
  expect(notesOf({ ...AS_NEW, stopNeedsSeconds: 6 })).toEqual([]);
});
