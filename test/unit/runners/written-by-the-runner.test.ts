/** The two programs agree on the spool: what the runner's own writers write, the daemon's readers read. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Journal } from "../../../src/runner/journal.ts";
import { DEFAULT_CAPS, OutputStore } from "../../../src/runner/output.ts";
import { readJournal } from "../../../src/runners/journal.ts";
import { fakeSpool } from "../../support/fake-spool.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "berth-both-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const meta = {
  run: "r1",
  agent: "coder",
  replica: 0,
  boot: "boot1",
  generation: 1,
  startedAt: 1_000,
};
const bytes = (text: string) => new TextEncoder().encode(text);

test("numbered lines over many segments come back without a gap, the unfinished one included", async () => {
  const store = new OutputStore(join(folder, "runs"), () => undefined, {
    ...DEFAULT_CAPS,
    segmentBytes: 4_096,
  });
  const output = store.open(meta, "at-once");
  const wanted = Array.from({ length: 3_000 }, (_, at) => `line ${at + 1}`);
  const text = wanted.join("\n");
  for (let from = 0; from < text.length; from += 777) {
    output.write(1_000 + from, "stdout", bytes(text.slice(from, from + 777)));
  }
  output.end(90_000);
  const lines = await fakeSpool(folder).read({ agent: "coder" });
  expect(lines.map((line) => line.text)).toEqual(wanted);
});

test("what the cap dropped is one marker whose count is right", async () => {
  let dropped = 0;
  const caps = { ...DEFAULT_CAPS, segmentBytes: 4_096, totalBytes: 20_000 };
  const store = new OutputStore(join(folder, "runs"), (_run, count) => (dropped += count), caps);
  const output = store.open(meta, "at-once");
  for (let n = 0; n < 1_000; n += 1)
    output.write(1_000 + n, "stdout", bytes(`${"x".repeat(99)}\n`));
  output.end(3_000);
  const [marker, ...kept] = await fakeSpool(folder).read();
  const missing = Number(/^\[… (\d+) bytes dropped …\]$/.exec(marker?.text ?? "")?.[1]);
  expect(missing).toBe(100_000 - kept.length * 100);
  expect(missing).toBeGreaterThan(70_000);
  expect(dropped).toBeGreaterThan(missing);
});

test("the journal is read to its last event, over files and boots", async () => {
  const options = { now: () => 5, maxFileBytes: 500 };
  const first = new Journal(join(folder, "journal"), { boot: "boot1", ...options });
  for (let n = 0; n < 20; n += 1) first.append({ kind: "oom", count: n });
  first.close();
  const second = new Journal(join(folder, "journal"), { boot: "boot2", ...options });
  second.append({ kind: "boot", epoch: 1, configHash: null });
  second.close();
  const events = await readJournal(folder, "web", 3);
  expect(events.map((event) => event.seq)).toEqual(Array.from({ length: 18 }, (_, at) => at + 4));
  expect(events.at(-1)).toMatchObject({ kind: "boot", boot: "boot2" });
});
