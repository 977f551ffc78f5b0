/** Reading output from a spool: what agents printed comes back as lines, whatever the cuts, gaps and questions. */
import { appendFileSync, mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { OutputLine } from "../../../src/runners/door.ts";
import { MAX_LINE_BYTES } from "../../../src/runners/line-assembler.ts";
import { fakeSpool, type FakeSpool } from "../../support/fake-spool.ts";

let spool: FakeSpool;
beforeEach(() => {
  spool = fakeSpool();
});
afterEach(() => spool.remove());

const texts = (lines: readonly OutputLine[]): readonly string[] => lines.map((line) => line.text);

test("a line split over chunks is one line with the time of its start, and the unfinished last one is shown", async () => {
  const run = spool.run({ run: "r1", startedAt: 1000 });
  run.write(1001, "stdout", "he");
  run.write(1002, "stderr", "oops\n");
  run.write(1003, "stdout", "llo\nwor");
  const lines = await spool.read();
  expect(lines.map(({ at, stream, text }) => ({ at, stream, text }))).toEqual([
    { at: 1002, stream: "stderr", text: "oops" },
    { at: 1001, stream: "stdout", text: "hello" },
    { at: 1003, stream: "stdout", text: "wor" },
  ]);
});

test("a very long line comes in pieces and bytes that are no UTF-8 are replaced", async () => {
  const run = spool.run({ run: "r1", startedAt: 1000 });
  run.write(1001, "stdout", "x".repeat(MAX_LINE_BYTES + 10));
  run.write(1002, "stdout", "y\n");
  run.write(1003, "stdout", Uint8Array.from([0xff, 0x41, 0x0a]));
  const lines = await spool.read();
  expect(lines.map((line) => line.text.length)).toEqual([MAX_LINE_BYTES, 11, 2]);
  expect(lines.at(-1)?.text).toBe("\uFFFDA");
});

test("runs are merged in time order and each line says whose it is", async () => {
  const a = spool.run({ run: "a", agent: "coder", startedAt: 1000 });
  const b = spool.run({ run: "b", agent: "beat", replica: 1, startedAt: 1005 });
  a.write(1001, "stdout", "one\n");
  b.write(1006, "stdout", "two\n");
  a.write(1007, "stdout", "three\n");
  b.write(1008, "stderr", "four\n");
  const lines = await spool.read();
  expect(
    lines.map(({ agent, replica, run, text }) => `${agent}/${replica} ${run} ${text}`),
  ).toEqual(["coder/0 a one", "beat/1 b two", "coder/0 a three", "beat/1 b four"]);
  expect(texts(await spool.read({ agent: "beat" }))).toEqual(["two", "four"]);
  expect(texts(await spool.read({ run: "a" }))).toEqual(["one", "three"]);
});

test("previous shows the run before the current one of each agent", async () => {
  for (const [id, at] of [
    ["old", 1000],
    ["middle", 2000],
    ["new", 3000],
  ] as const) {
    spool.run({ run: id, startedAt: at }).write(at + 1, "stdout", `${id}\n`);
  }
  spool.run({ run: "only", agent: "beat", startedAt: 1500 }).write(1501, "stdout", "only\n");
  expect(texts(await spool.read({ previous: true }))).toEqual(["middle"]);
});

test("dropped segments leave one marker that says how many bytes are missing", async () => {
  const run = spool.run({ run: "r1", startedAt: 1000 });
  run.write(1001, "stdout", "aaaa\n");
  run.roll(1002);
  run.write(1003, "stdout", "bbbbbb\nhalf");
  run.roll(1004);
  run.write(1005, "stdout", "rest\nc\n");
  expect(texts(await spool.read())).toEqual(["aaaa", "bbbbbb", "halfrest", "c"]);
  run.drop(2);
  expect(texts(await spool.read())).toEqual(["aaaa", "[… 11 bytes dropped …]", "rest", "c"]);
  run.drop(1);
  const lines = await spool.read();
  expect(texts(lines)).toEqual(["[… 16 bytes dropped …]", "rest", "c"]);
  expect(lines[0]?.stream).toBe("stderr");
});

test("segments that vanish while they are read cost their lines and nothing else", async () => {
  const run = spool.run({ run: "r1", startedAt: 1000 });
  for (let segment = 0; segment < 5; segment += 1) {
    run.write(1001 + segment, "stdout", `${String(segment).repeat(200_000)}\n`);
    run.roll(1001 + segment);
  }
  const seen: string[] = [];
  for await (const line of spool.follow({}, AbortSignal.timeout(10_000))) {
    if (seen.length === 0) for (const gone of [1, 2, 3]) run.drop(gone);
    seen.push(`${line.text.slice(0, 1)}${line.stream === "stderr" ? line.text : ""}`);
  }
  expect(seen.filter((text) => text === "4")).toHaveLength(4);
  expect(seen.filter((text) => text.includes("bytes dropped"))).toHaveLength(1);
});

test("garbage in a spool is stepped over", async () => {
  const run = spool.run({ run: "r1", startedAt: 1000 });
  run.write(1001, "stdout", "before\n");
  appendFileSync(`${spool.folder}/runs/r1/000001.seg`, "1002 o 500\ntorn");
  writeFileSync(`${spool.folder}/runs/r1/zzz.seg`, "nothing of ours");
  mkdirSync(`${spool.folder}/runs/no-meta`);
  writeFileSync(`${spool.folder}/runs/no-meta/000001.seg`, "900 o 5\nlost\n\n");
  symlinkSync("/etc", `${spool.folder}/runs/link`);
  mkdirSync(`${spool.folder}/runs/folder/meta.json`, { recursive: true });
  mkdirSync(`${spool.folder}/runs/linked`);
  symlinkSync("/etc/passwd", `${spool.folder}/runs/linked/meta.json`);
  run.roll(1003);
  run.write(1004, "stdout", "after\n");
  expect(texts(await spool.read())).toEqual(["lost", "before", "after"]);
});

test("the last lines of hundreds of runs are found, and runs long over are not even opened", async () => {
  const day = 86_400_000;
  for (let n = 1; n <= 100; n += 1) {
    const run = spool.run({ run: `r${String(n).padStart(3, "0")}`, startedAt: n * day });
    run.write(n * day + 1, "stdout", `start ${n}\n`);
    run.write(n * day + 2, "stderr", `crash ${n}\n`);
  }
  const last = ["crash 99", "start 100", "crash 100"];
  expect(texts(await spool.read({ tail: 3 }))).toEqual(last);
  // Unreadable now: a read that opened it would fail.
  rmSync(`${spool.folder}/runs/r001/000001.seg`);
  mkdirSync(`${spool.folder}/runs/r001/000001.seg`);
  utimesSync(`${spool.folder}/runs/r001/000001.seg`, day / 1000, day / 1000);
  expect(texts(await spool.read({ since: 99 * day + 2 }))).toEqual(last);
  await expect(spool.read()).rejects.toMatchObject({ code: "runners.spool-unusable" });
});

test("a spool that is not there has no output, and an unreadable cursor is the asker's mistake", async () => {
  expect(await spool.read()).toEqual([]);
  await expect(spool.read({ after: "r1:5" })).rejects.toMatchObject({
    code: "runners.cursor-unreadable",
    kind: "usage",
  });
});

test("one replica is read alone, also of its tail and its previous run", async () => {
  for (const [replica, word] of [
    [0, "zero"],
    [1, "one"],
  ] as const)
    for (const turn of [1, 2]) {
      const run = spool.run({ run: `${word}${turn}`, agent: "coder", replica, startedAt: turn });
      run.write(1000 * turn + replica, "stdout", `${word} ${turn}\n`);
    }
  const of = async (query: Parameters<FakeSpool["read"]>[0]) =>
    texts(await spool.read({ agent: "coder", replica: 1, ...query }));
  expect(await of({})).toEqual(["one 1", "one 2"]);
  expect(await of({ tail: 1 })).toEqual(["one 2"]);
  expect(await of({ previous: true })).toEqual(["one 1"]);
  expect(await of({ replica: 7 })).toEqual([]);
});
