/** Tmpfs as the engine has them written: what we write reads back, what others write is understood. */
import { expect, test } from "vitest";
import { tmpfsBytes, tmpfsField } from "../../../src/docker/tmpfs-field.ts";

const MIB = 2 ** 20;

test("what is written reads back", () => {
  const field = tmpfsField({
    target: "/tmp",
    options: "rw,mode=1777",
    sizeBytes: 5 * MIB,
    inodes: 640,
  });
  expect(field).toBe("rw,mode=1777,size=5242880,nr_inodes=640");
  expect(tmpfsBytes({ "/tmp": field })).toBe(5 * MIB);
});

test("sizes have units, /dev/shm is not counted, and no size is no bound", () => {
  expect(tmpfsBytes({ "/a": "size=16m", "/b": "rw,size=2K,mode=755" })).toBe(16 * MIB + 2048);
  expect(tmpfsBytes({ "/a": "size=1m", "/dev/shm": "size=8m" })).toBe(MIB);
  expect(tmpfsBytes({ "/a": "rw" })).toBe(Infinity);
  expect(tmpfsBytes(null)).toBe(0);
});
