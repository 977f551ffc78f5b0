/** However many secrets of legal size: each frame is below the cap, and together they bring every value once, in order. */
import { expect, test } from "vitest";
import { encodeFrame } from "../../../src/protocol/codec.ts";
import { inFrames } from "../../../src/runners/secret-frames.ts";

/** As many as a project may declare, under the longest names, of the given size. */
function secrets(count: number, bytes: number): Record<string, string> {
  const value = Buffer.alloc(bytes, 1).toString("base64");
  return Object.fromEntries(
    Array.from({ length: count }, (_, at) => [`K${at}`.padEnd(64, "X"), value]),
  );
}

test.each([
  [0, 1, 1],
  [1, 0, 1],
  [64, 100, 1],
  [20, 60_000, 2],
  [64, 64 * 1024, 6],
])("%i of %i bytes take %i frames", (count, bytes, frames) => {
  const values = secrets(count, bytes);
  const groups = inFrames(values);
  expect(groups).toHaveLength(frames);
  for (const group of groups) {
    const [id, epoch] = [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];
    encodeFrame({ kind: "secrets", id, epoch, values: group });
  }
  expect(groups.flatMap((group) => Object.entries(group))).toEqual(Object.entries(values));
});
