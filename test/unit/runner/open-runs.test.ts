/** The ledger of open runs tells a later boot exactly which runs had not ended. */
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { OpenRuns, withoutEnd } from "../../../src/runner/open-runs.ts";

let folder = "";
let path = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bt-open-"));
  path = join(folder, "open-runs");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const meta = (run: string) => ({
  run,
  agent: "a",
  replica: 0,
  boot: "b",
  generation: 1,
  startedAt: 1,
});
const left = (): readonly string[] => new OpenRuns(path).left().map(({ run }) => run);

test("a run is found open from before its process exists until its end is told", async () => {
  const runs = new OpenRuns(path);
  for (const run of ["r1", "r2", "r3"]) runs.add(meta(run));
  expect(new OpenRuns(path).left()).toEqual(["r1", "r2", "r3"].map(meta));
  runs.remove("r2");
  await nextTurn();
  expect(left()).toEqual(["r1", "r3"]);
  runs.remove("r1");
  runs.remove("unknown");
  runs.close();
  expect(left()).toEqual(["r3"]);
});

test("how often it had been started again is found with it", () => {
  const runs = new OpenRuns(path);
  runs.add({ ...meta("r1"), restarts: 3 });
  runs.add(meta("r2"));
  expect(new OpenRuns(path).left().map(({ restarts }) => restarts)).toEqual([3, undefined]);
});

test("a later boot ends what it found, and writes behind no torn line", () => {
  new OpenRuns(path).add(meta("r1"));
  new OpenRuns(path).add(meta("r2"));
  truncateSync(path, statSync(path).size - 3);
  const later = new OpenRuns(path);
  expect(later.left()).toEqual([meta("r1")]);
  later.remove("r1");
  later.add(meta("r3"));
  expect(left()).toEqual(["r3"]);
  expect(readFileSync(path, "utf8").split("\n").slice(0, -1)).toHaveLength(3);
});

test("the file holds little more than the open runs, however many have ended", async () => {
  const runs = new OpenRuns(path);
  runs.add(meta("first"));
  for (let count = 0; count < 6_000; count += 1) {
    runs.add(meta(`r${count}`));
    runs.remove(`r${count}`);
    if (count % 20 === 0) await nextTurn();
  }
  runs.close();
  expect(statSync(path).size).toBeLessThan(300_000);
  expect(left()).toEqual(["first"]);
});

test("a disk that refuses the mark refuses the start", () => {
  const runs = new OpenRuns(join(folder, "missing", "open-runs"));
  expect(() => runs.add(meta("r1"))).toThrow("ENOENT");
});

test("of what is found open, what the journal saw end is not lost", () => {
  const event = { seq: 1, at: 1, boot: "b", agent: "a", replica: 0 };
  const events = [
    { ...event, kind: "started" as const, run: "r1", pid: 1, generation: 1 },
    { ...event, kind: "lost" as const, run: "r2", reason: "x" },
    { ...event, kind: "start-failed" as const, run: "r3", reason: "x", generation: 1 },
  ];
  const runs = ["r1", "r2", "r3", "r4"].map(meta);
  expect(withoutEnd(runs, events)).toEqual([meta("r1"), meta("r4")]);
});
