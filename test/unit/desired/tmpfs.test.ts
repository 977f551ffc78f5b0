/** Sizes of files in memory: together they leave room in every memory limit, and what somebody needs is large enough. */
import { expect, test } from "vitest";
import * as fc from "fast-check";
import { sizeTmpfs } from "../../../src/desired/tmpfs.ts";
import { memoryForShm, shmRoom, tmpfsFits } from "../../../src/model/tmpfs.ts";
import { desired, MIB, sampleRecord, sampleSpec } from "../../support/project-samples.ts";

const sizes = (memoryMib: number, shmMib = 64, tmpfs: readonly string[] = []) => {
  const limits = { ...sampleSpec().limits, memoryBytes: 0, shmBytes: shmMib * MIB };
  const sized = sizeTmpfs(sampleSpec({ limits, tmpfs }), memoryMib * MIB);
  return Object.fromEntries(
    sized.map(({ target, sizeBytes }) => [target, Math.floor(sizeBytes / MIB)]),
  );
};

test("a small limit has small files in memory, a large one has all that is wanted", () => {
  expect(sizes(64)).toEqual({ "/tmp": 5, "/var/tmp": 1, "/run": 7, "/dev/shm": 7 });
  expect(sizes(256)).toEqual({ "/tmp": 32, "/var/tmp": 8, "/run": 16, "/dev/shm": 28 });
  expect(sizes(512)).toEqual({ "/tmp": 78, "/var/tmp": 19, "/run": 16, "/dev/shm": 56 });
  expect(sizes(2048)).toEqual({ "/tmp": 256, "/var/tmp": 64, "/run": 16, "/dev/shm": 64 });
});

test("what is asked for /dev/shm is given up to a third of the budget, and what nobody else wants", () => {
  expect(sizes(128, 8)["/dev/shm"]).toBe(8);
  expect(sizes(2048, 1024)["/dev/shm"]).toBe(346);
  expect(sizes(4096, 1024)["/dev/shm"]).toBe(1024);
});

test("what /dev/shm can have is what it gets, and the least memory for a size is the least", () => {
  const memory = fc.integer({ min: 64, max: 65_536 }).map((mib) => mib * MIB);
  const places = fc.subarray(["/tmp", "/cache", "/build", "/run"]);
  fc.assert(
    fc.property(memory, fc.integer({ min: 1, max: 20_000 }), places, (memoryBytes, mib, tmpfs) => {
      const shmBytes = mib * MIB;
      const shmAt = (bytes: number): number => {
        const limits = { ...sampleSpec().limits, shmBytes };
        const sized = sizeTmpfs(sampleSpec({ limits, tmpfs }), bytes);
        return sized.find(({ target }) => target === "/dev/shm")?.sizeBytes ?? 0;
      };
      const fits = shmBytes <= shmRoom(memoryBytes, tmpfs);
      expect(shmAt(memoryBytes) === shmBytes).toBe(fits);
      const least = memoryForShm(shmBytes, tmpfs);
      expect(shmAt(least)).toBe(shmBytes);
      expect(shmAt(least - MIB)).toBeLessThan(shmBytes);
    }),
  );
});

test("declared ones shrink like the others, and one that is there anyway is not mounted twice", () => {
  expect(sizes(512, 64, ["/cache"])).toMatchObject({ "/tmp": 43, "/cache": 43, "/run": 16 });
  expect(sizes(512, 64, ["/tmp"])).toEqual(sizes(512));
});

test("whatever is declared, filling all of it with files and inodes leaves five eighths of the limit", () => {
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
        const full = sized.reduce((sum, each) => sum + each.sizeBytes + each.inodes * 1024, 0);
        expect(full).toBeLessThanOrEqual((memoryMib * MIB * 3) / 8);
        expect(sized.every(({ sizeBytes, inodes }) => sizeBytes >= 4096 && inodes > 0)).toBe(true);
      },
    ),
  );
});

test("what was made for a limit fits it; a lower one only as long as the runner keeps its room", () => {
  const total = (memoryMib: number): number =>
    sizeTmpfs(sampleSpec(), memoryMib * MIB).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  for (const memoryMib of [64, 96, 160, 512, 4096])
    expect(tmpfsFits(total(memoryMib), memoryMib * MIB)).toBe(true);
  expect(tmpfsFits(total(160), 80 * MIB)).toBe(true);
  expect(tmpfsFits(total(512), 256 * MIB)).toBe(true);
  expect(tmpfsFits(total(512), 192 * MIB)).toBe(false);
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
