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
  expect(tmpfsBytes({ "/tmp": field }, 0)).toBe(5 * MIB);
});

test("sizes have units, the engine's own /dev/shm counts unless it is mounted over, and no size is no bound", () => {
  expect(tmpfsBytes({ "/a": "size=16m", "/b": "rw,size=2K,mode=755" }, 64 * MIB)).toBe(
    80 * MIB + 2048,
  );
  expect(tmpfsBytes({ "/dev/shm": "size=8m" }, 64 * MIB)).toBe(8 * MIB);
  expect(tmpfsBytes({ "/a": "rw" }, 0)).toBe(Infinity);
  expect(tmpfsBytes(null, undefined)).toBe(0);
});
