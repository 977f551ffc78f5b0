/** Spools on disk: made and configured atomically, removed without leaving the spool root, read when the runner is gone. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { encodeEvent } from "../../../src/protocol/journal.ts";
import { started } from "../../support/fake-runner.ts";
import { fakeSpool } from "../../support/fake-spool.ts";
import { doorFixture, runnerConfig, type DoorFixture } from "../../support/runners-door.ts";

let fixture: DoorFixture;
beforeEach(() => {
  fixture = doorFixture("spools");
});
afterEach(() => fixture.close());

test("a prepared spool holds the configuration, for its owner's eyes only, and is replaced whole", async () => {
  await fixture.door.prepareSpool("web", runnerConfig("h1"));
  await fixture.door.prepareSpool("web", runnerConfig("h2"));
  const file = join(fixture.spool(), "desired.json");
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(runnerConfig("h2"));
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(fixture.spool()).mode & 0o777).toBe(0o700);
  expect(readdirSync(fixture.spool())).toEqual(["desired.json"]);
});

test("what a crash left half written does not hinder the next configuration", async () => {
  mkdirSync(fixture.spool(), { recursive: true });
  writeFileSync(join(fixture.spool(), "desired.json.tmp"), "{half");
  await fixture.door.prepareSpool("web", runnerConfig("h3"));
  expect(readdirSync(fixture.spool())).toEqual(["desired.json"]);
});

test("a link in a spool's place is neither written through nor removed through", async () => {
  const outside = mkdtempSync(join(tmpdir(), "berth-outside-"));
  try {
    writeFileSync(join(outside, "precious"), "kept");
    mkdirSync(fixture.root, { recursive: true });
    symlinkSync(outside, fixture.spool());
    await expect(fixture.door.prepareSpool("web", runnerConfig())).rejects.toMatchObject({
      code: "runners.spool-unusable",
    });
    expect(await fixture.door.spoolExists("web")).toBe(false);
    await fixture.door.removeSpool("web");
    await fixture.door.prepareSpool("web", runnerConfig());
    symlinkSync(outside, join(fixture.spool(), "runs"));
    await fixture.door.removeSpool("web");
    expect(readdirSync(outside)).toEqual(["precious"]);
    expect(existsSync(fixture.spool())).toBe(false);
  } finally {
    rmSync(outside, { recursive: true });
  }
});

test("a name that could lead elsewhere is refused before anything is touched", async () => {
  for (const name of ["..", "../x", "a/b", "", "."]) {
    await expect(async () => fixture.door.removeSpool(name)).rejects.toMatchObject({
      code: "runners.project-unsafe",
    });
  }
});

test("removing a spool twice is fine, and existence is told truly", async () => {
  await fixture.door.prepareSpool("web", runnerConfig());
  expect(await fixture.door.spoolExists("web")).toBe(true);
  await fixture.door.removeSpool("web");
  await fixture.door.removeSpool("web");
  expect(await fixture.door.spoolExists("web")).toBe(false);
});

test("the journal of a runner that is gone is read across files, torn end and garbage left out", async () => {
  const journal = join(fixture.spool(), "journal");
  mkdirSync(journal, { recursive: true });
  writeFileSync(join(journal, "acked"), "1");
  writeFileSync(
    join(journal, "000000000001.ndjson"),
    [1, 2, 3].map((seq) => encodeEvent(started(seq))).join(""),
  );
  const last = `${encodeEvent(started(4))}\0garbage\n${encodeEvent(started(5))}{"seq":6,"at":10`;
  writeFileSync(join(journal, "000000000004.ndjson"), last);
  const seqs = async (after: number) =>
    (await fixture.door.readJournal("web", after)).map((event) => event.seq);
  expect(await seqs(0)).toEqual([1, 2, 3, 4, 5]);
  expect(await seqs(2)).toEqual([3, 4, 5]);
  expect(await seqs(3)).toEqual([4, 5]);
  expect(await seqs(9)).toEqual([]);
  expect(await fixture.door.readJournal("never", 0)).toEqual([]);
});

test("pruning frees old output of runs that are over, and no other", async () => {
  const spool = fakeSpool(fixture.spool());
  const old = spool.run({ run: "old", startedAt: 1_000 });
  old.write(1_001, "stdout", "x".repeat(5_000));
  spool.run({ run: "recent", startedAt: 2_000 }).write(9_000, "stdout", "recent\n");
  spool.run({ run: "live", startedAt: 3_000 }).write(3_001, "stdout", "quiet for long\n");
  const other = spool.run({ run: "ended", agent: "beat", startedAt: 1_500 });
  other.end(1_600);
  const freed = await fixture.door.prune("web", 5_000);
  expect(readdirSync(join(spool.folder, "runs")).toSorted()).toEqual(["live", "recent"]);
  expect(freed).toBeGreaterThan(5_000);
  expect(freed).toBeLessThan(6_000);
  expect(await fixture.door.prune("web", 5_000)).toBe(0);
});
