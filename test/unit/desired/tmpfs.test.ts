/** Sizes of files in memory: together they leave room in every memory limit, and what somebody needs is large enough. */
import { expect, test } from "vitest";
import * as fc from "fast-check";
import { sizeTmpfs } from "../../../src/desired/tmpfs.ts";
import { heldBytes, shmRoom, tmpfsFits } from "../../../src/model/tmpfs.ts";
import { desired, MIB, sampleRecord, sampleSpec } from "../../support/project-samples.ts";

const sizes = (memoryMib: number, shmMib = 64, tmpfs: readonly string[] = []) => {
  const limits = { ...sampleSpec().limits, memoryBytes: 0, shmBytes: shmMib * MIB };
  const sized = sizeTmpfs(sampleSpec({ limits, tmpfs }), memoryMib * MIB);
  return Object.fromEntries(
    sized.map(({ target, sizeBytes }) => [target, Math.floor(sizeBytes / MIB)]),
  );
};

test("a small limit has small files in memory, a large one has all that is wanted", () => {
  expect(sizes(64)).toEqual({ "/tmp": 5, "/var/tmp": 1, "/run": 7, "/dev/shm": 14 });
  expect(sizes(256)).toEqual({ "/tmp": 22, "/var/tmp": 5, "/run": 16, "/dev/shm": 64 });
  expect(sizes(512)).toEqual({ "/tmp": 72, "/var/tmp": 18, "/run": 16, "/dev/shm": 64 });
  expect(sizes(2048)).toEqual({ "/tmp": 256, "/var/tmp": 64, "/run": 16, "/dev/shm": 64 });
});

test("/dev/shm has what is declared, up to half of the limit and where all others and the runner keep their room", () => {
  expect(sizes(128)["/dev/shm"]).toBe(56);
  expect(sizes(140)["/dev/shm"]).toBe(64);
  expect(sizes(128, 8)["/dev/shm"]).toBe(8);
  expect(sizes(256, 128)).toEqual({ "/tmp": 22, "/var/tmp": 5, "/run": 16, "/dev/shm": 128 });
  expect(sizes(1024, 512)["/dev/shm"]).toBe(512);
  expect(sizes(1024, 600)["/dev/shm"]).toBe(512);
});

test("from 160 MiB on, half of the limit is what /dev/shm can have", () => {
  const memory = fc.integer({ min: 160, max: 65_536 });
  fc.assert(
    fc.property(memory, (memoryMib) => {
      expect(shmRoom(memoryMib * MIB)).toBe((memoryMib * MIB) / 2);
    }),
  );
});

test("declared ones shrink like the others, and one that is there anyway is not mounted twice", () => {
  expect(sizes(512, 64, ["/cache"])).toMatchObject({ "/tmp": 40, "/cache": 40, "/run": 16 });
  expect(sizes(512, 64, ["/tmp"])).toEqual(sizes(512));
});

test("whatever is declared, all of it full of files and inodes leaves the runner its room, and without /dev/shm five eighths", () => {
  const places = fc.uniqueArray(
    fc.integer({ min: 0, max: 99 }).map((at) => `/cache${at}`),
    {
      maxLength: 16,
    },
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 64, max: 65_536 }),
      fc.integer({ min: 1, max: 65_536 }),
      places,
      (memoryMib, shmMib, tmpfs) => {
        const limits = { ...sampleSpec().limits, shmBytes: shmMib * MIB };
        const sized = sizeTmpfs(sampleSpec({ limits, tmpfs }), memoryMib * MIB);
        const fullOf = (some: typeof sized): number =>
          some.reduce((sum, each) => sum + each.sizeBytes + each.inodes * 1024, 0);
        expect(fullOf(sized)).toBeLessThanOrEqual((memoryMib - 20) * MIB);
        const others = sized.filter(({ target }) => target !== "/dev/shm");
        expect(fullOf(others)).toBeLessThanOrEqual((memoryMib * MIB * 3) / 8);
        expect(sized.every(({ sizeBytes, inodes }) => sizeBytes >= 4096 && inodes > 0)).toBe(true);
      },
    ),
  );
});

test("what was made for a limit fits it; a lower one only as long as the runner keeps its room", () => {
  const total = (memoryMib: number): number => heldBytes(sizeTmpfs(sampleSpec(), memoryMib * MIB));
  for (const memoryMib of [64, 96, 160, 512, 4096])
    expect(tmpfsFits(total(memoryMib), memoryMib * MIB)).toBe(true);
  expect(tmpfsFits(total(160), 80 * MIB)).toBe(true);
  expect(tmpfsFits(total(512), 256 * MIB)).toBe(true);
  expect(tmpfsFits(total(512), 128 * MIB)).toBe(false);
  expect(tmpfsFits(400 * MIB, 256 * MIB)).toBe(false);
});

test("sizes follow the memory limit but are no part of the spec hash; where they are is", () => {
  const of = (memoryBytes: number, tmpfs: readonly string[] = []) => {
    const limits = { ...sampleSpec().limits, memoryBytes };
    return desired(sampleRecord({ spec: sampleSpec({ limits, tmpfs }) })).container;
  };
  expect(of(64 * MIB)?.tmpfs).not.toEqual(of(512 * MIB)?.tmpfs);
  expect(of(64 * MIB)?.specHash).toBe(of(512 * MIB)?.specHash);
  expect(of(64 * MIB, ["/cache"])?.specHash).not.toBe(of(64 * MIB)?.specHash);
});
