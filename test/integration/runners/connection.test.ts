/** The daemon's end of control.sock against a scripted runner on a real socket: garbage, delays, deaths and refusals included. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { DaemonFrame } from "../../../src/protocol/frame.ts";
import { doorFixture, runnerConfig, type DoorFixture } from "../../support/runners-door.ts";
import {
  fakeRunner,
  started,
  statusFrame,
  type FakeRunner,
  type FakeRunnerOptions,
} from "../../support/fake-runner.ts";

let fixture: DoorFixture;
const runners: FakeRunner[] = [];

async function runner(options: Omit<FakeRunnerOptions, "spool"> = {}): Promise<FakeRunner> {
  const one = await fakeRunner({ spool: fixture.spool(), ...options });
  runners.push(one);
  return one;
}
const connected = () =>
  vi.waitFor(() => expect(fixture.door.connected("web")).toBe(true), {
    timeout: 3_000,
    interval: 2,
  });
const told = (frames: readonly DaemonFrame[], kind: string) =>
  frames.filter((frame) => frame.kind === kind);
const until = (check: () => void, timeout = 3_000) => vi.waitFor(check, { timeout, interval: 5 });

beforeEach(() => {
  fixture = doorFixture();
});
afterEach(async () => {
  await fixture.close();
  for (const one of runners.splice(0)) await one.close();
});

test("attaching greets with our epoch and resumes the journal after what is durable", async () => {
  const fake = await runner({ events: [started(1), started(2), started(3)] });
  fixture.door.attach("web", 1);
  await until(() => expect(fixture.told.events.map((event) => event.seq)).toEqual([2, 3]));
  expect(fake.received[0]).toMatchObject({
    kind: "hello",
    epoch: 5,
    install: "test",
    project: "web",
  });
  await until(() => expect(told(fake.received, "ack").at(-1)).toMatchObject({ seq: 3, epoch: 5 }));
  expect(fixture.told.connected).toEqual([true]);
});

test("a runner that begins to listen is met within milliseconds, without any poll", async () => {
  mkdirSync(fixture.spool(), { recursive: true });
  fixture.door.attach("web", 0);
  // Long enough for the redials to have backed off far beyond what is measured.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await runner();
  const began = performance.now();
  await connected();
  expect(performance.now() - began).toBeLessThan(250);
});

test("a spool path longer than a socket address is reached all the same", async () => {
  await fixture.close();
  fixture = doorFixture("deep/".repeat(30));
  await runner();
  fixture.door.attach("web", 0);
  await connected();
  expect(fixture.spool().length).toBeGreaterThan(107);
});

test("a journal that ends before what is recorded is asked to go on behind that", async () => {
  const fake = await runner({ events: [started(1), started(2)] });
  fixture.door.attach("web", 10);
  await until(() => expect(told(fake.received, "resume")[0]).toMatchObject({ after: 10 }));
  fake.send({ kind: "event", event: started(11) });
  await until(() => expect(fixture.told.events.map((event) => event.seq)).toEqual([11]));
});

test("a spool made anew is another journal: it is told from its beginning, whatever was attached before", async () => {
  fixture.door.attach("web", 4);
  await fixture.door.prepareSpool("web", runnerConfig());
  fixture.door.attach("web", 0);
  await runner({ events: [started(1), started(2)] });
  await until(() => expect(fixture.told.events.map((event) => event.seq)).toEqual([1, 2]));
});

test("a socket that may not be used is told once, not with every try", async () => {
  mkdirSync(fixture.spool(), { recursive: true });
  writeFileSync(join(fixture.spool(), "control.sock"), "");
  fixture.door.attach("web", 0);
  await until(() => expect(fixture.told.warnings.join("\n")).toContain("is not a socket"));
  await runner();
  await connected();
  expect(fixture.told.warnings).toHaveLength(1);
});

test("nothing is acknowledged that is not durable, and what failed is given again", async () => {
  let away = true;
  fixture.durable = (events) =>
    away ? Promise.reject(new Error("postgres is away")) : Promise.resolve(events.at(-1)?.seq ?? 0);
  const fake = await runner({ events: [started(1), started(2)] });
  fixture.door.attach("web", 0);
  await until(() =>
    expect(
      fixture.told.warnings.filter((text) => text.includes("postgres is away")).length,
    ).toBeGreaterThan(1),
  );
  expect(told(fake.received, "ack")).toEqual([]);
  expect(fake.connections()).toBe(1);
  away = false;
  await until(() => expect(fixture.told.events.map((event) => event.seq)).toEqual([1, 2]));
  await until(() => expect(told(fake.received, "ack").at(-1)).toMatchObject({ seq: 2 }));
});

test("a listener that makes only part durable gets the rest again", async () => {
  let most = 2;
  fixture.durable = (events) => Promise.resolve(Math.min(most++, events.at(-1)?.seq ?? 0));
  await runner({ events: [started(1), started(2), started(3), started(4)] });
  fixture.door.attach("web", 0);
  await until(() => expect(fixture.told.events.map((event) => event.seq)).toEqual([1, 2, 3, 4]));
});

test("while records are away a flood of events stops at a bound, the runner keeps the rest, and all arrive in the end", async () => {
  const { promise: away, resolve: release } = Promise.withResolvers<void>();
  fixture.durable = async (events) => {
    await away;
    return events.at(-1)?.seq ?? 0;
  };
  const total = 60_000;
  let unsent = 0;
  const events = Array.from({ length: total }, (_, at) => started(at + 1));
  await runner({
    events,
    on: (frame, _say, socket) => {
      if (frame.kind === "resume") setTimeout(() => (unsent = socket.writableLength), 700);
      return false;
    },
  });
  fixture.door.attach("web", 0);
  await until(() => expect(unsent).toBeGreaterThan(1_000_000));
  release();
  await until(() => expect(fixture.told.events.length).toBe(total), 20_000);
  expect(fixture.told.events.every((event, at) => event.seq === at + 1)).toBe(true);
  expect(Math.max(...fixture.told.batches)).toBeLessThanOrEqual(500);
});

test("a runner that dies in the middle of a line is met again and no event is lost or doubled", async () => {
  let deaths = 0;
  const fake = await runner({
    events: [started(1), started(2)],
    on: (frame, say, socket) => {
      if (frame.kind !== "resume" || deaths > 0) return false;
      deaths += 1;
      say({ kind: "event", event: started(1) });
      socket.end('{"kind":"event","event":{"seq":2,"at":10');
      return true;
    },
  });
  fixture.door.attach("web", 0);
  await until(() => expect(fixture.told.events.map((event) => event.seq)).toEqual([1, 2]));
  expect(fake.connections()).toBe(2);
  expect(fixture.told.connected).toEqual([true, false, true]);
});

test("garbage between frames is skipped, a stream of nothing but garbage is hung up on", async () => {
  const fake = await runner();
  fixture.door.attach("web", 0);
  await connected();
  fake.sendRaw('not json\n{"kind":"status"}\n\0\0\n');
  fake.send(statusFrame("h7"));
  await until(() => expect(fixture.door.report("web")?.configHash).toBe("h7"));
  fake.sendRaw("garbage\n".repeat(100));
  await until(() => expect(fixture.told.connected).toContain(false));
});

test("a frame longer than allowed costs neither memory nor the frames after it", async () => {
  const fake = await runner();
  fixture.door.attach("web", 0);
  await connected();
  fake.sendRaw(Buffer.alloc(5_000_000, 65));
  fake.sendRaw("\n");
  fake.send(statusFrame("after"));
  await until(() => expect(fixture.door.report("web")?.configHash).toBe("after"));
});

test("a report carries who said it and when; a new boot's runner starts without the old one's report", async () => {
  const fake = await runner();
  fixture.door.attach("web", 0);
  await connected();
  fake.send(statusFrame("h1"));
  await until(() => expect(fixture.told.reports).toHaveLength(1));
  expect(fixture.told.reports[0]).toMatchObject({
    project: "web",
    bootId: "boot1",
    configHash: "h1",
    workspace: "ready",
  });
  await fake.close();
  await until(() => expect(fixture.door.connected("web")).toBe(false));
  expect(fixture.door.report("web")?.configHash).toBe("h1");
  await runner({ bootId: "boot2" });
  await connected();
  expect(fixture.door.report("web")).toBeNull();
});

test("a request is answered once by its reply, whatever order replies come in, and late ones change nothing", async () => {
  const held: (() => void)[] = [];
  const fake = await runner({
    on: (frame, say) => {
      if (frame.kind !== "exec-open") return false;
      const { id, agent } = frame;
      const ticket = { marker: agent === "a" ? 1 : 2, uid: 1, gid: 1, cwd: "/", environment: {} };
      held.push(() => say({ kind: "reply", id, ok: true, ticket }));
      return true;
    },
  });
  fixture.door.attach("web", 0);
  await connected();
  const both = Promise.all([fixture.door.execOpen("web", "a"), fixture.door.execOpen("web", "b")]);
  await until(() => expect(held).toHaveLength(2));
  for (const answer of held.toReversed()) answer();
  for (const again of held) again();
  expect((await both).map((ticket) => ticket.marker)).toEqual([1, 2]);
  await fixture.door.configure("web", runnerConfig("h2"));
  fixture.door.setEpoch(6);
  await fixture.door.secrets("web", { KEY: "dmFsdWU=" });
  await fixture.door.thawed("web", 1500);
  await fixture.door.execClose("web", 2);
  expect(told(fake.received, "configure")[0]).toMatchObject({ epoch: 5, config: { hash: "h2" } });
  expect(told(fake.received, "secrets")[0]).toMatchObject({
    epoch: 6,
    values: { KEY: "dmFsdWU=" },
  });
  expect(told(fake.received, "thawed")[0]).toMatchObject({ frozenMs: 1500 });
  expect(told(fake.received, "exec-close")[0]).toMatchObject({ marker: 2 });
});

test("refusals keep the runner's code, a stale epoch is a conflict, and nobody there is transient", async () => {
  await expect(fixture.door.configure("web", runnerConfig())).rejects.toMatchObject({
    code: "runners.unreachable",
    kind: "transient",
  });
  const codes = ["runner.epoch-stale", "runner.journal-full"];
  await runner({
    on: (frame, say) => {
      if (frame.kind !== "configure") return false;
      say({ kind: "reply", id: frame.id, ok: false, code: codes.shift() ?? "", detail: "no" });
      return true;
    },
  });
  fixture.door.attach("web", 0);
  await connected();
  await expect(fixture.door.configure("web", runnerConfig())).rejects.toMatchObject({
    code: "runners.epoch-stale",
    kind: "conflict",
  });
  await expect(fixture.door.configure("web", runnerConfig())).rejects.toMatchObject({
    code: "runner.journal-full",
    kind: "rejected",
  });
});

test("a request to a runner that dies is rejected at once, not at its deadline", async () => {
  const fake = await runner({ on: (frame) => frame.kind === "configure" });
  fixture.door.attach("web", 0);
  await connected();
  const asked = fixture.door.configure("web", runnerConfig());
  await until(() => expect(told(fake.received, "configure")).toHaveLength(1));
  fake.dropAll();
  await expect(asked).rejects.toMatchObject({ code: "runners.unreachable" });
});

test("a runner with a higher epoch tells us that we lead no more", async () => {
  await runner({ epoch: 9 });
  fixture.door.attach("web", 0);
  await until(() => expect(fixture.told.fenced).toEqual([9]));
  expect(fixture.door.connected("web")).toBe(false);
});

test("a refusal with a higher epoch does too, and one without is retried rarely", async () => {
  const fake = await runner({
    on: (_frame, say) => {
      say({ kind: "refused", code: "runner.epoch-stale", detail: "floor", epoch: 12 });
      return true;
    },
  });
  fixture.door.attach("web", 0);
  await until(() => expect(fixture.told.fenced).toEqual([12]));
  expect(fake.connections()).toBe(1);
});

test("a runner of a version we do not speak is left alone, and said so", async () => {
  await runner({ version: 99 });
  fixture.door.attach("web", 0);
  await until(() => expect(fixture.told.warnings.join("\n")).toContain("speaks version 99"));
  expect(fixture.door.connected("web")).toBe(false);
});

test("a hundred attached projects cost next to nothing while nothing happens", async () => {
  const many = Array.from({ length: 100 }, (_, at) => `p${at}`);
  for (const project of many) runners.push(await fakeRunner({ spool: fixture.spool(project) }));
  for (const project of many) fixture.door.attach(project, 0);
  await until(
    () => expect(many.every((project) => fixture.door.connected(project))).toBe(true),
    5_000,
  );
  const before = process.cpuUsage();
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 2_000_000).toBeLessThan(0.05);
});

test("detaching ends the connection for good", async () => {
  const fake = await runner();
  fixture.door.attach("web", 0);
  fixture.door.attach("web", 0);
  await connected();
  fixture.door.detach("web");
  await until(() => expect(fixture.told.connected).toEqual([true, false]));
  expect(fixture.door.report("web")).toBeNull();
  expect(fake.connections()).toBe(1);
});
