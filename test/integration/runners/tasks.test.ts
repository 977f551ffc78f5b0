/** Tasks over the runners' door, against a scripted runner on a real socket: handed over, refused, cancelled, in any size. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { fakeRunner, statusFrame } from "../../support/fake-runner.ts";
import type { FakeRunner, FakeRunnerOptions } from "../../support/fake-runner.ts";
import { doorFixture } from "../../support/runners-door.ts";
import type { DoorFixture } from "../../support/runners-door.ts";

let fixture: DoorFixture;
let fake: FakeRunner;

async function attached(on?: FakeRunnerOptions["on"]): Promise<void> {
  fake = await fakeRunner({ spool: fixture.spool(), ...(on === undefined ? {} : { on }) });
  fixture.door.attach("web", 0);
  await until(() => expect(fixture.door.connected("web")).toBe(true));
}
const until = (check: () => void) => vi.waitFor(check, { timeout: 5_000, interval: 5 });
const ask = (run: string, payload: unknown = null) =>
  fixture.door.runTask("web", {
    run,
    task: `t-${run}`,
    attempt: 2,
    agent: "coder",
    payload,
    timeoutMs: 1_000,
  });
const asked = () => fake.received.filter((frame) => frame.kind === "run-task");

beforeEach(() => {
  fixture = doorFixture();
});
afterEach(async () => {
  await fixture.close();
  await fake.close();
});

test("an attempt is handed over with the epoch, and cancelled by its run", async () => {
  await attached();
  await ask("r1", { prompt: "hi" });
  expect(asked()).toMatchObject([
    { epoch: 5, run: "r1", task: "t-r1", attempt: 2, payload: { prompt: "hi" }, timeoutMs: 1_000 },
  ]);
  await fixture.door.cancelRun("web", "r1");
  expect(fake.received.at(-1)).toMatchObject({ kind: "cancel-run", epoch: 5, run: "r1" });
});

test("a container that may not start tasks now is a matter of capacity: the task goes back into the queue", async () => {
  await attached((frame, say) => {
    if (frame.kind !== "run-task") return false;
    const code = "runner.task-blocked";
    say({ kind: "reply", id: frame.id, ok: false, code, detail: "journal full" });
    return true;
  });
  await expect(ask("r1")).rejects.toMatchObject({ code: "runner.task-blocked", kind: "capacity" });
});

test("progress and live task runs reach the listener", async () => {
  await attached();
  fake.send({ kind: "progress", run: "r1", fraction: 0.4, text: "reading" });
  const status = statusFrame("h1");
  if (status.kind === "status") fake.send({ ...status, taskRuns: ["r1"] });
  await until(() => expect(fixture.door.report("web")?.taskRuns).toEqual(["r1"]));
  expect(fixture.told.progress).toEqual([{ run: "r1", fraction: 0.4, text: "reading" }]);
});

test("a runner from before there were tasks is given none, and keeps its connection", async () => {
  await attached();
  const old = Object.fromEntries(
    Object.entries(statusFrame("h1")).filter(([field]) => field !== "taskRuns"),
  );
  fake.sendRaw(`${JSON.stringify(old)}\n`);
  await until(() => expect(fixture.door.report("web")?.taskRuns).toEqual([]));
  await expect(ask("r1")).rejects.toMatchObject({ code: "runners.tasks-unknown" });
  await expect(fixture.door.cancelRun("web", "r1")).rejects.toMatchObject({ kind: "conflict" });
  expect(asked()).toEqual([]);
  expect(fixture.told.connected).toEqual([true]);
});

test("a hundred payloads of 256 KiB at once are all handed over, in order, on one connection", async () => {
  await attached();
  const runs = Array.from({ length: 100 }, (_, index) => `r${index}`);
  await Promise.all(runs.map((run) => ask(run, "x".repeat(262_142))));
  expect(asked().flatMap((frame) => (frame.kind === "run-task" ? [frame.run] : []))).toEqual(runs);
  expect(fake.connections()).toBe(1);
});

test("requests that wait for their turn fail with the connection", async () => {
  await attached((frame, _say, socket) => {
    if (frame.kind !== "run-task") return false;
    socket.pause();
    return true;
  });
  const outcomes = Array.from({ length: 60 }, (_, index) => ask(`r${index}`, "x".repeat(262_142)));
  const settled = Promise.allSettled(outcomes);
  await until(() => expect(asked().length).toBeGreaterThan(0));
  fake.dropAll();
  for (const outcome of await settled) {
    expect(outcome).toMatchObject({ status: "rejected", reason: { code: "runners.unreachable" } });
  }
});
