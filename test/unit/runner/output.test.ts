/** Output segments stay within their caps, and what goes is told. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { decodeRecords } from "../../../src/protocol/segment.ts";
import { DEFAULT_CAPS, OutputStore } from "../../../src/runner/output.ts";
import type { RunOutput } from "../../../src/runner/run-output.ts";

let folder = "";
let dropped: { run: string; bytes: number }[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bt-output-"));
  dropped = [];
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

const store = (caps: Partial<typeof DEFAULT_CAPS> = {}): OutputStore =>
  new OutputStore(folder, (run, bytes) => dropped.push({ run, bytes }), {
    ...DEFAULT_CAPS,
    ...caps,
  });
const meta = (run: string) => ({
  run,
  agent: "a",
  replica: 0,
  boot: "b",
  generation: 1,
  startedAt: 1,
});
const open = (from: OutputStore, run: string): RunOutput => from.open(meta(run), "at-once");
const segments = (run: string): readonly string[] =>
  readdirSync(join(folder, run))
    .filter((name) => name.endsWith(".seg"))
    .toSorted();
const records = (run: string, name: string) =>
  decodeRecords(readFileSync(join(folder, run, name))).records;
const kb = Buffer.alloc(1_000, "x");

test("chunks keep order, stream and time; every segment begins with what came before it, the last ends the run", () => {
  const output = open(store({ segmentBytes: 2_500 }), "r1");
  output.write(10, "stdout", Buffer.from("one"));
  output.write(11, "stderr", Buffer.from("two"));
  for (let turn = 0; turn < 5; turn += 1) output.write(12, "stdout", kb);
  output.end(13);
  output.write(14, "stdout", Buffer.from("late"));
  expect(segments("r1")).toEqual(["000001.seg", "000002.seg", "000003.seg"]);
  const first = records("r1", "000001.seg");
  expect(first.slice(0, 3)).toMatchObject([
    { kind: "begin", bytesBefore: 0 },
    { kind: "chunk", at: 10, stream: "stdout", bytes: Buffer.from("one") },
    { kind: "chunk", at: 11, stream: "stderr", bytes: Buffer.from("two") },
  ]);
  expect(records("r1", "000002.seg")[0]).toMatchObject({ kind: "begin", bytesBefore: 2_006 });
  expect(records("r1", "000003.seg").at(-1)).toMatchObject({ kind: "end", at: 13 });
});

test("past the cap the oldest ended run goes first, then the writer's own past, each told once", () => {
  const all = store({ totalBytes: 20_000, segmentBytes: 3_000 });
  for (const run of ["r1", "r2"]) {
    const ended = open(all, run);
    for (let turn = 0; turn < 4; turn += 1) ended.write(1, "stdout", kb);
    ended.end(2);
  }
  const live = open(all, "r3");
  for (let turn = 0; turn < 40; turn += 1) {
    live.write(3, "stdout", kb);
    expect(all.totalBytes).toBeLessThanOrEqual(20_000);
  }
  expect(existsSync(join(folder, "r1"))).toBe(false);
  expect(existsSync(join(folder, "r2"))).toBe(false);
  all.close();
  const order = dropped.map(({ run }) => run);
  expect(order).toEqual(order.toSorted());
  expect(dropped.at(-1)?.run).toBe("r3");
  expect(records("r3", segments("r3")[0] ?? "")[0]).toMatchObject({ kind: "begin" });
});

test("a flood past the cap is told at once, then every 10 s and at its end, each byte once", () => {
  vi.useFakeTimers();
  const all = store({ totalBytes: 20_000, segmentBytes: 3_000 });
  const [flood, other] = [open(all, "r1"), open(all, "r2")];
  const write = (times: number): void => {
    for (let turn = 0; turn < times; turn += 1) flood.write(1, "stdout", kb);
  };
  write(25);
  expect(dropped).toHaveLength(1);
  write(1_000);
  expect(dropped).toHaveLength(1);
  vi.advanceTimersByTime(10_000);
  expect(dropped).toHaveLength(2);
  write(1_000);
  flood.end(2);
  expect(dropped).toHaveLength(3);
  const first = records("r1", segments("r1")[0] ?? "")[0];
  const before = first?.kind === "begin" ? first.bytesBefore : 0;
  // What was dropped were whole segments, of 2 chunks and their headers.
  expect(before).toBeGreaterThan(2_000_000);
  expect(dropped.reduce((sum, { bytes }) => sum + bytes, 0) / before).toBeCloseTo(1.02, 1);
  vi.advanceTimersByTime(60_000);
  other.end(3);
  all.close();
  expect(dropped.map(({ run }) => run)).toEqual(["r1", "r1", "r1"]);
});

test("what earlier boots left is counted, and folders of ended runs are bounded", () => {
  const before = store();
  for (const run of ["r1", "r2", "r3", "r4"]) {
    const output = open(before, run);
    output.write(1, "stdout", kb);
    output.end(2);
  }
  const after = store({ runFolders: 3 });
  const live = open(after, "r5");
  after.adopt();
  expect(readdirSync(folder).toSorted()).toEqual(["r3", "r4", "r5"]);
  expect(after.totalBytes).toBeGreaterThan(2_000);
  live.end(3);
});

test("output that the disk refuses is told as dropped, and writing goes on later", () => {
  const output = open(store(), "r1");
  output.write(1, "stdout", kb);
  rmSync(join(folder, "r1"), { recursive: true });
  // The open segment still takes writes; a new one cannot be made.
  for (let turn = 0; turn < 5_000; turn += 1) output.write(2, "stdout", kb);
  expect(dropped).toEqual([]);
  output.end(3);
  expect(dropped).toHaveLength(1);
  expect(dropped[0]?.bytes).toBeGreaterThan(800_000);
});

test("a run whose folder comes with its output leaves nothing when it prints nothing, and all when it prints", () => {
  const all = store();
  const [silent, chatty] = ["r1", "r2"].map((run) => all.open(meta(run), "with-output"));
  expect(readdirSync(folder)).toEqual([]);
  chatty?.write(1, "stdout", Buffer.from("word"));
  silent?.end(2);
  chatty?.end(2);
  expect(readdirSync(folder)).toEqual(["r2"]);
  expect(JSON.parse(readFileSync(join(folder, "r2", "meta.json"), "utf8"))).toEqual(meta("r2"));
  expect(records("r2", "000001.seg").map(({ kind }) => kind)).toEqual(["begin", "chunk", "end"]);
  expect(dropped).toEqual([]);
});

test("what a folder that cannot be made would have held is told as dropped", () => {
  const all = store();
  const output = all.open(meta("r1"), "with-output");
  rmSync(folder, { recursive: true });
  writeFileSync(folder, "no folder");
  output.write(1, "stdout", Buffer.from("word"));
  output.end(2);
  expect(dropped).toEqual([{ run: "r1", bytes: 4 }]);
});
