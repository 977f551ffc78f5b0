/** Output is complete without any reader, and a reader that stalls holds nobody up. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { encodeEvent, MAX_JOURNAL_FILE_BYTES } from "../../../src/protocol/journal.ts";
import { journalName } from "../../../src/protocol/spool.ts";
import { eventually } from "./eventually.ts";
import { agent, configOf, docker, shell, World } from "./harness.ts";

const world = new World("out");
beforeAll(() => world.setUp());
afterAll(() => world.dispose());

/** CI's count; three million passed by hand with BERTH_TEST_LINES=3000000. */
const LINES = Number(process.env["BERTH_TEST_LINES"] ?? 100_000);

test("output numbered 1 to N is in the spool without a gap while no daemon is there", async () => {
  const project = await world.start((name) =>
    configOf(name, [agent("count", ["seq", String(LINES)])]),
  );
  await project.event("exited", () => true, 50_000);
  const lines = (await project.outputOf("count")).split("\n");
  expect(lines.pop()).toBe("");
  expect(lines).toHaveLength(LINES);
  expect(lines.every((line, index) => line === String(index + 1))).toBe(true);
});

test("agents may open /dev/stdout again, also children that changed their session", async () => {
  const script =
    "echo one >/dev/stdout; setsid sh -c 'echo two >>/dev/stdout'; echo three >/proc/self/fd/1; echo four >&2 2>/dev/stderr";
  const project = await world.start((name) => configOf(name, [shell("a", script)]));
  expect(await project.outputOf("a")).toBe("one\ntwo\nthree\n");
});

test("an agent's output is heard whatever it does to its own pipes", async () => {
  const changed = "chmod 0 /proc/self/fd/1; echo one; chmod 777 /proc/self/fd/1; echo two";
  // It has ended before the runner could ask for what it may not read.
  const last = `exec perl -e 'chmod(0, "/proc/self/fd/$_") or die for 1, 2; print "out"; print STDERR "err"'`;
  // Read by the agent itself before the runner was told of it: what comes later must still be heard.
  const taken = `perl -MFcntl -e 'sysopen(F, "/dev/stdout", O_RDONLY | O_NONBLOCK) or die; $| = 1; for (1 .. 200) { print "x"; sysread(F, $b, 9) }'; echo kept`;
  const closed = "exec >&- 2>/dev/null; echo nowhere; sleep 0.2; exit 3";
  const project = await world.start((name) =>
    configOf(name, [
      shell("changed", changed),
      shell("last", last),
      shell("taken", taken),
      shell("closed", closed),
    ]),
  );
  const { run } = await project.event("exited", (event) => event.agent === "last");
  expect([await project.output(run), await project.output(run, "stderr")]).toEqual(["out", "err"]);
  expect(await project.outputOf("changed")).toBe("one\ntwo\n");
  expect(await project.outputOf("taken")).toMatch(/^x*kept\n$/);
  expect(await project.event("exited", (event) => event.agent === "closed")).toMatchObject({
    code: 3,
    survivors: 0,
  });
  expect(await project.outputOf("closed")).toBe("");
});

/** A spool in which this much was recorded by an earlier boot, in files of about 1 MiB. */
function pastEvents(count: number, reason: string): (spool: string) => Promise<void> {
  return async (spool) => {
    const folder = join(spool, "journal");
    await mkdir(folder, { mode: 0o700 });
    const line = (seq: number): string =>
      encodeEvent({
        seq,
        at: 1,
        boot: "old",
        kind: "lost",
        run: "r",
        agent: "a",
        replica: 0,
        reason,
      });
    const perFile = Math.floor(MAX_JOURNAL_FILE_BYTES / line(count).length);
    for (let first = 1; first <= count; first += perFile) {
      const last = Math.min(count, first + perFile - 1);
      const lines = Array.from({ length: last - first + 1 }, (_, index) => line(first + index));
      await writeFile(join(folder, journalName(first)), lines.join(""), { mode: 0o600 });
    }
  };
}

test("a daemon that reads nothing blocks no agent and does not grow the runner; a new one gets every event", async () => {
  const count = 40_000;
  const beat = "i=0; while [ $i -lt 200 ]; do i=$((i + 1)); echo $i; done; exec sleep 1000";
  const project = await world.start((name) => configOf(name, [shell("beat", beat)]), {
    prepare: pastEvents(count, "x".repeat(200)),
  });
  const stalled = await project.connect();
  await stalled.frame("welcome");
  stalled.socket.pause();
  stalled.send({ kind: "resume", after: 0 });
  const { run } = await project.event("started");
  await eventually("the agent goes on", async () =>
    (await project.output(run)).endsWith("\n200\n"),
  );
  const { memoryUsageBytes } = await eventually("a sample", async () => {
    const other = await project.connect(2);
    other.send({ kind: "resume", after: count });
    return (await other.frame("status")).sample;
  });
  // 12 MB of events are waiting; they are on disk.
  expect(memoryUsageBytes).toBeLessThan(60 * 1_048_576);
  const fresh = await project.connect(3);
  fresh.send({ kind: "resume", after: 0 });
  await fresh.frame("event", ({ event }) => event.kind === "ready");
  const seqs = fresh.frames.flatMap((frame) => (frame.kind === "event" ? [frame.event.seq] : []));
  expect(seqs.length).toBe(count + 3);
  expect(seqs.every((seq, index) => seq === index + 1)).toBe(true);
});

test("acknowledged journal files are deleted and the sequence goes on over a restart", async () => {
  const project = await world.start((name) => configOf(name, [shell("a", "exec sleep 1000")]), {
    prepare: pastEvents(5_000, "x".repeat(200)),
  });
  await project.event("ready");
  const client = await project.connect();
  client.send({ kind: "ack", seq: 5_003, epoch: 1 });
  await eventually("the journal is gone", async () => (await project.journal()).length === 0);
  await docker("kill", project.container);
  await docker("start", project.container);
  expect((await project.event("boot")).seq).toBe(5_004);
  expect(await project.event("lost")).toMatchObject({ agent: "a" });
});

test("a full journal stops new starts, drops nothing, and lets them go when it is acknowledged", async () => {
  const count = 70_000;
  const project = await world.start((name) => configOf(name, [shell("a", "exec sleep 1000")]), {
    prepare: pastEvents(count, "x".repeat(900)),
  });
  const client = await project.connect();
  expect(await client.status("a", ({ reason }) => reason === "journal full")).toMatchObject({
    state: "waiting",
  });
  client.send({ kind: "ack", seq: count / 2, epoch: 1 });
  expect(await client.status("a", ({ state }) => state === "running")).toMatchObject({
    reason: null,
  });
  const left = await project.journal();
  expect(left[0]?.seq).toBeLessThanOrEqual(count / 2 + 1);
  expect(left.at(-1)).toMatchObject({ kind: "ready", seq: count + 3 });
});
