/** Deadlines of a conversation with a runner, on a fake clock over a real socket: they end what hangs, and rest while frozen. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  fakeRunner,
  statusFrame,
  type FakeRunner,
  type FakeRunnerOptions,
} from "../../support/fake-runner.ts";
import { doorFixture, runnerConfig, type DoorFixture } from "../../support/runners-door.ts";

let fixture: DoorFixture;
let fake: FakeRunner;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
  fixture = doorFixture();
});
afterEach(async () => {
  vi.useRealTimers();
  await fixture.close();
  await fake.close();
});

const still = new Int32Array(new SharedArrayBuffer(4));

/** Lets real input and output happen, a real millisecond a turn, without any fake time. */
async function turn(): Promise<void> {
  Atomics.wait(still, 0, 0, 1);
  await new Promise((resolve) => setImmediate(resolve));
}

/** Polls with a millisecond of fake time a turn: far fewer in all than any deadline here. */
async function until(check: () => boolean): Promise<void> {
  for (let turns = 0; turns < 800 && !check(); turns += 1) {
    vi.advanceTimersByTime(1);
    await turn();
  }
  expect(check()).toBe(true);
}

async function attached(on: FakeRunnerOptions["on"]): Promise<void> {
  fake = await fakeRunner({ spool: fixture.spool(), ...(on === undefined ? {} : { on }) });
  fixture.door.attach("web", 0);
  await until(() => fixture.door.connected("web"));
}

const pings = (): number => fake.received.filter((frame) => frame.kind === "ping").length;
const asked = (): boolean => fake.received.some((frame) => frame.kind === "configure");

test("an unanswered request ends at its deadline and the connection goes on", async () => {
  await attached((frame) => frame.kind === "configure");
  const request = fixture.door.configure("web", runnerConfig());
  request.catch(() => undefined);
  await until(asked);
  vi.advanceTimersByTime(5_000);
  await expect(request).rejects.toMatchObject({ code: "runners.timeout", kind: "transient" });
  expect(fixture.door.connected("web")).toBe(true);
});

test("a runner that said something lately is not pinged", async () => {
  await attached(undefined);
  for (let looks = 0; looks < 5; looks += 1) {
    fake.send(statusFrame("h1"));
    for (let turns = 0; turns < 20; turns += 1) await turn();
    vi.advanceTimersByTime(10_000);
  }
  for (let turns = 0; turns < 20; turns += 1) await turn();
  expect([pings(), fixture.door.connected("web")]).toEqual([0, true]);
});

test("a silent runner that answers its pings stays connected, one that does not is dialled anew", async () => {
  let deaf = false;
  await attached((frame) => deaf && frame.kind === "ping");
  vi.advanceTimersByTime(22_000);
  await until(() => pings() === 1);
  // The pong is on its way within this process: a few turns and it is read.
  for (let turns = 0; turns < 20; turns += 1) await turn();
  vi.advanceTimersByTime(5_500);
  expect(fake.connections()).toBe(1);
  expect(fixture.door.connected("web")).toBe(true);
  deaf = true;
  vi.advanceTimersByTime(17_000);
  await until(() => pings() === 2);
  vi.advanceTimersByTime(5_000);
  await until(() => fake.connections() === 2);
  expect(fixture.told.connected.slice(0, 2)).toEqual([true, false]);
});

test("a runner that accepts and never says welcome is dialled anew", async () => {
  fake = await fakeRunner({ spool: fixture.spool(), on: () => true });
  fixture.door.attach("web", 0);
  await until(() => fake.received.some((frame) => frame.kind === "hello"));
  vi.advanceTimersByTime(5_000);
  await until(() => fake.connections() === 2);
  expect(fixture.told.connected).toEqual([]);
});

test("a frozen runner is neither asked, nor pinged, nor given up; thawed, it has its full time again", async () => {
  await attached((frame) => frame.kind === "configure" || frame.kind === "ping");
  const request = fixture.door.configure("web", runnerConfig());
  let ended = false;
  request.catch(() => (ended = true));
  await until(asked);
  fixture.door.setFrozen("web", true);
  await expect(fixture.door.secrets("web", {})).rejects.toMatchObject({ code: "runners.frozen" });
  vi.advanceTimersByTime(3_600_000);
  await until(() => fake.connections() === 1);
  expect([pings(), ended, fixture.door.connected("web")]).toEqual([0, false, true]);
  fixture.door.setFrozen("web", false);
  vi.advanceTimersByTime(4_900);
  await until(() => !ended);
  vi.advanceTimersByTime(200);
  await expect(request).rejects.toMatchObject({ code: "runners.timeout" });
});

test("a container frozen before its runner was met is waited for", async () => {
  fake = await fakeRunner({ spool: fixture.spool(), on: () => true });
  fixture.door.setFrozen("web", true);
  fixture.door.attach("web", 0);
  await until(() => fake.received.some((frame) => frame.kind === "hello"));
  vi.advanceTimersByTime(3_600_000);
  await until(() => fake.connections() === 1);
  expect(fixture.told.warnings).toEqual([]);
});

test("a thaw counts although the clock was set back since the freeze, and an older look still does not", () => {
  const clock = vi.spyOn(Date, "now").mockReturnValue(10_000_000);
  fixture.door.setFrozen("web", true);
  fixture.door.setFrozen("web", false, 9_999_000);
  expect(fixture.door.frozen("web")).toBe(true);
  clock.mockReturnValue(1_000_000);
  fixture.door.setFrozen("web", false);
  expect(fixture.door.frozen("web")).toBe(false);
  clock.mockRestore();
});
