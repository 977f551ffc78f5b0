/** What the runner makes of first starts: taken once, told of once, and kept on disk until then. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  encodeFirst,
  type FirstPart,
  type FirstStart,
} from "../../../src/protocol/first-starts.ts";
import { FirstStarts } from "../../../src/runner/first-starts.ts";
import { Spool } from "../../../src/runner/spool.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "berth-first-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function start(id: number, agent: string, replica = 0): FirstStart {
  return { id, run: `run-${id}`, agent, replica, marker: 2_000_000_000 + id, state: "running" };
}
const PART: FirstPart = {
  boot: "boot-1",
  configHash: "h1",
  generation: 4,
  restartSerials: {},
  starts: [start(1, "a"), start(2, "a", 1), start(3, "b")],
};
const FILES = ["begun", "told", "go"];

function begun(): void {
  writeFileSync(join(folder, "begun"), encodeFirst({ uid: 1, gid: 1 }, PART, [Buffer.from("x")]));
  writeFileSync(join(folder, "told"), "");
  writeFileSync(join(folder, "go"), "");
}
const open = (ours: boolean): FirstStarts => new FirstStarts(new Spool(folder), ours);
const left = (): readonly string[] => FILES.filter((name) => existsSync(join(folder, name)));

test("each is taken once, and the files go when all have been told of", () => {
  begun();
  const first = open(true);
  expect(first.boot).toBe("boot-1");
  first.offer("h1");
  expect(first.has("a", 1)).toBe(true);
  expect(first.take("a", 1)).toMatchObject({ id: 2, run: "run-2" });
  expect(first.has("a", 1)).toBe(false);
  expect(first.take("a", 1)).toBeNull();
  expect(first.leftOver()).toEqual([]);
  for (const { run } of PART.starts) {
    expect(left()).toEqual(FILES);
    first.told(run);
    first.settle();
  }
  expect(left()).toEqual([]);
});

test("for another configuration nothing may be taken, and all is left over", () => {
  begun();
  const first = open(true);
  first.offer("h2");
  expect(first.has("a", 0)).toBe(false);
  expect(first.leftOver()).toEqual(
    PART.starts.map((each) => ({ ...each, startedAt: expect.any(Number) })),
  );
  first.settle();
  expect(left()).toEqual([]);
});

test("what an earlier boot began is lost but for what was refused, and what was meant for this one is taken away", () => {
  begun();
  const refused = Buffer.alloc(16);
  [3, 2, 12, 1].forEach((word, at) => refused.writeUInt32LE(word, at * 4));
  writeFileSync(join(folder, "told"), refused);
  writeFileSync(join(folder, "first"), "for the boot that found this");
  const first = open(false);
  first.offer("h1");
  expect([first.boot, first.has("a", 0), first.leftOver()]).toEqual([null, false, []]);
  expect(first.lost()).toEqual(
    [1, 3].map((id) => ({
      run: `run-${id}`,
      agent: id === 1 ? "a" : "b",
      replica: 0,
      boot: "boot-1",
      generation: 4,
      startedAt: expect.any(Number),
    })),
  );
  first.settle();
  expect(left()).toEqual([]);
  expect(existsSync(join(folder, "first"))).toBe(false);
});

test("a file that nobody can read is in nobody's way", () => {
  for (const rubbish of ["", "{}", "\0".repeat(64)]) {
    writeFileSync(join(folder, "begun"), rubbish);
    const first = open(true);
    first.offer("h1");
    expect([first.boot, first.lost(), first.leftOver()]).toEqual([null, [], []]);
    expect(left()).toEqual([]);
  }
});
