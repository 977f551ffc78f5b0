/** Properties of reading output: any chunking, any cut into segments, any question, against the files as the runner writes them. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { OutputLine } from "../../../src/runners/door.ts";
import { fakeSpool, type FakeRun, type FakeSpool } from "../../support/fake-spool.ts";

const texts = (lines: readonly OutputLine[]): readonly string[] => lines.map((line) => line.text);

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
  // A line is at most 64 KiB and a segment 4 MiB, so no line begins two segments before its end; readers that start in the
  // middle look back one segment. Tiny segments here would break that, so a run rolls once while a line of it is open.
  const open = new Map<string, boolean>();
  const rolled = new Set<number>();
  for (const one of pieces) {
    at += one.wait;
    const run = runs[one.run];
    const unfinished = ["stdout", "stderr"].some((stream) => open.get(`${one.run} ${stream}`));
    if (!unfinished) rolled.delete(one.run);
    if (one.roll && !rolled.has(one.run)) {
      run?.roll(at);
      rolled.add(one.run);
    }
    run?.write(at, one.stream, one.text);
    if (one.text !== "") open.set(`${one.run} ${one.stream}`, !one.text.endsWith("\n"));
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
    { numRuns: 100 },
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
    { numRuns: 100 },
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
    { numRuns: 100 },
  );
});
