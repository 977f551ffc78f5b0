/** A flood of output: two hundred thousand numbered lines are followed while written, cut and resumed, without gap or repeat. */
import { expect, test } from "vitest";
import type { OutputLine } from "../../../src/runners/door.ts";
import { fakeSpool } from "../../support/fake-spool.ts";

const LINES = 200_000;
const PER_CHUNK = 500;

test("200,000 lines are followed in order while they are written, over a reader that goes away twice", async () => {
  const spool = fakeSpool();
  try {
    const run = spool.run({ run: "flood", startedAt: Date.now() });
    const noise = spool.run({ run: "noise", agent: "beat", startedAt: Date.now() });
    let written = 0;
    const writing = setInterval(() => {
      for (let chunk = 0; chunk < 20 && written < LINES; chunk += 1) {
        const numbers = Array.from({ length: PER_CHUNK }, (_, at) => `line ${written + at + 1}`);
        written += PER_CHUNK;
        // Cut where it hurts: the last line of each chunk is finished by the next.
        const text = `${numbers.join("\n")}\n`;
        run.write(Date.now(), "stdout", text.slice(0, -4));
        run.write(Date.now(), "stdout", text.slice(-4));
        noise.write(Date.now(), "stderr", "tick\n");
      }
      if (written % 50_000 === 0) run.roll(Date.now());
      if (written < LINES) return;
      clearInterval(writing);
      run.end(Date.now());
    }, 1);
    const flood: string[] = [];
    let ticks = 0;
    let after: string | null = null;
    const before = process.memoryUsage().heapUsed;
    const take = (line: OutputLine): void => {
      after = line.cursor;
      if (line.agent === "beat") ticks += 1;
      else flood.push(line.text);
    };
    const follow = async (most: number): Promise<void> => {
      for await (const line of spool.follow({ follow: true, after }, AbortSignal.timeout(40_000))) {
        take(line);
        if (flood.length >= most) return;
      }
    };
    for (const most of [70_000, 140_000, LINES]) await follow(most);
    for (const line of await spool.read({ after })) take(line);
    expect(flood).toHaveLength(LINES);
    expect(flood.findIndex((text, at) => text !== `line ${at + 1}`)).toBe(-1);
    expect(ticks).toBe(LINES / PER_CHUNK);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(200_000_000);
  } finally {
    spool.remove();
  }
});
