/** Reading output from a spool: what agents printed comes back as lines, whatever the cuts, gaps and questions. */
import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { OutputLine } from "../../../src/runners/door.ts";
import { MAX_LINE_BYTES } from "../../../src/runners/line-assembler.ts";
import { fakeSpool, type FakeRun, type FakeSpool } from "../../support/fake-spool.ts";

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
  const { appendFileSync, mkdirSync, symlinkSync, writeFileSync } = await import("node:fs");
  appendFileSync(`${spool.folder}/runs/r1/000001.seg`, "1002 o 500\ntorn");
  writeFileSync(`${spool.folder}/runs/r1/zzz.seg`, "nothing of ours");
  mkdirSync(`${spool.folder}/runs/no-meta`);
  writeFileSync(`${spool.folder}/runs/no-meta/000001.seg`, "900 o 5\nlost\n\n");
  symlinkSync("/etc", `${spool.folder}/runs/link`);
  run.roll(1003);
  run.write(1004, "stdout", "after\n");
  expect(texts(await spool.read())).toEqual(["lost", "before", "after"]);
});

test("a spool that is not there has no output, and an unreadable cursor is the asker's mistake", async () => {
  expect(await spool.read()).toEqual([]);
  await expect(spool.read({ after: "r1:5" })).rejects.toMatchObject({
    code: "runners.cursor-unreadable",
    kind: "usage",
  });
});

/** A script of what runs print, from which both the files and the expected lines come. */
const piece = fc.record({
  run: fc.integer({ min: 0, max: 2 }),
  stream: fc.constantFrom("stdout" as const, "stderr" as const),
  text: fc
    .array(fc.constantFrom("a", "b", "é", "\n", "\n", "x".repeat(30)), {
      minLength: 1,
      maxLength: 8,
    })
    .map((all) => all.join("")),
  wait: fc.integer({ min: 0, max: 2 }),
  roll: fc.integer({ min: 0, max: 5 }).map((one) => one === 0),
});
const script = fc.array(piece, { maxLength: 40 });
type Script = ReturnType<
  typeof fc.sample<typeof script extends fc.Arbitrary<infer T> ? T : never>
>[number];

function play(to: FakeSpool, pieces: Script): number {
  let at = 1000;
  const runs: FakeRun[] = [0, 1, 2].map((n) =>
    to.run({ run: `r${n}`, agent: `a${n}`, startedAt: 1000 }),
  );
  for (const one of pieces) {
    at += one.wait;
    const run = runs[one.run];
    if (one.roll) run?.roll(at);
    run?.write(at, one.stream, one.text);
  }
  return at;
}

/** Each check gets a spool of its own, so that shrinking starts clean. */
async function withScript(
  pieces: Script,
  check: (own: FakeSpool, all: readonly OutputLine[], last: number) => Promise<void>,
): Promise<void> {
  const own = fakeSpool();
  try {
    const last = play(own, pieces);
    await check(own, await own.read(), last);
  } finally {
    own.remove();
  }
}

test("whatever the chunks and segments, each stream of each run reads as it was printed", async () => {
  await fc.assert(
    fc.asyncProperty(script, (pieces) =>
      withScript(pieces, async (_own, all) => {
        for (const run of [0, 1, 2]) {
          for (const stream of ["stdout", "stderr"] as const) {
            const printed = pieces
              .filter((one) => one.run === run && one.stream === stream)
              .map((one) => one.text)
              .join("");
            const lines = printed.replace(/\n$/, "").split("\n");
            const found = texts(
              all.filter((line) => line.run === `r${run}` && line.stream === stream),
            );
            expect(found).toEqual(printed === "" ? [] : lines);
          }
        }
      }),
    ),
    { numRuns: 25 },
  );
});

test("going on after any line's cursor gives exactly the lines behind it", async () => {
  await fc.assert(
    fc.asyncProperty(script, fc.nat(), (pieces, pick) =>
      withScript(pieces, async (own, all) => {
        const at = all.length === 0 ? 0 : pick % all.length;
        const after = all[at]?.cursor ?? null;
        expect(await own.read({ after })).toEqual(after === null ? [] : all.slice(at + 1));
      }),
    ),
    { numRuns: 20 },
  );
});

const bare = (lines: readonly OutputLine[]) =>
  lines.map(({ run, text, at }) => ({ run, text, at }));

test("tail, since and until give what filtering everything gives", async () => {
  await fc.assert(
    fc.asyncProperty(
      script,
      fc.record({
        tail: fc.nat({ max: 20 }),
        from: fc.nat({ max: 60 }),
        span: fc.nat({ max: 60 }),
      }),
      (pieces, { tail, from, span }) =>
        withScript(pieces, async (own, all) => {
          const [since, until] = [1000 + from, 1000 + from + span];
          const within = all.filter((line) => line.at >= since && line.at <= until);
          expect(bare(await own.read({ since, until }))).toEqual(bare(within));
          expect(await own.read({ tail })).toEqual(tail === 0 ? [] : all.slice(-tail));
          expect(bare(await own.read({ since, until, tail }))).toEqual(
            bare(tail === 0 ? [] : within.slice(-tail)),
          );
        }),
    ),
    { numRuns: 12 },
  );
});
