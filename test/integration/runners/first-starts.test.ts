/** First starts as the daemon lays them down and hears of them; the launcher's part is played by writing its files. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { RunnerConfig } from "../../../src/model/desired.ts";
import { decodeFirst, type FirstPart } from "../../../src/protocol/first-starts.ts";
import { readBegun } from "../../../src/runners/first-starts.ts";
import { fakeRunner, statusFrame, type FakeRunner } from "../../support/fake-runner.ts";
import { sampleAgent } from "../../support/project-samples.ts";
import { doorFixture, runnerConfig, type DoorFixture } from "../../support/runners-door.ts";

const RUNS = 2;
const ENDED = 4;

let fixture: DoorFixture;
const runners: FakeRunner[] = [];
/** Who waits for a calm machine. */
let calm: PromiseWithResolvers<void>;

beforeEach(() => {
  fixture = doorFixture();
  calm = Promise.withResolvers<void>();
  fixture.calm = calm.promise;
});
afterEach(async () => {
  await fixture.close();
  for (const one of runners.splice(0)) await one.close();
});

const until = (check: () => void) => vi.waitFor(check, { timeout: 3_000, interval: 2 });
const file = (name: string): string => join(fixture.spool(), name);

function config(more: Partial<RunnerConfig> = {}): RunnerConfig {
  const image = { entrypoint: [], user: null, workdir: null, environment: {} };
  return { ...runnerConfig(), agents: [sampleAgent("a"), sampleAgent("b")], image, ...more };
}

/** As the launcher takes what was laid down. */
function take(): FirstPart {
  renameSync(file("first"), file("begun"));
  const part = decodeFirst(readFileSync(file("begun")));
  if (part === null) throw new Error("nothing that can be read");
  return part;
}

function tell(...answers: readonly (readonly number[])[]): void {
  const words = answers.flat();
  const bytes = Buffer.alloc(words.length * 4);
  words.forEach((word, at) => bytes.writeUInt32LE(word, at * 4));
  writeFileSync(file("told"), bytes, { flag: "a" });
}

async function begun(): Promise<FirstPart> {
  await fixture.door.prepareSpool("web", config());
  fixture.door.attach("web", 0);
  const part = take();
  tell(...part.starts.map(({ id }, index) => [RUNS, id, 40 + index, 0]));
  await until(() => expect(fixture.door.connected("web")).toBe(true));
  return part;
}

async function runner(bootId: string): Promise<FakeRunner> {
  const one = await fakeRunner({ spool: fixture.spool(), bootId });
  runners.push(one);
  return one;
}

test("agents that the launcher has begun are known to run, and their runner is called on a calm machine", async () => {
  const part = await begun();
  expect(fixture.door.report("web")).toMatchObject({
    bootId: part.boot,
    configHash: "h1",
    agents: [
      { agent: "a", state: "running", pid: 40, runId: part.starts[0]?.run },
      { agent: "b", state: "running", pid: 41, runId: part.starts[1]?.run },
    ],
  });
  expect(fixture.told.connected).toEqual([true]);
  expect(existsSync(file("go"))).toBe(false);
  calm.resolve();
  await until(() => expect(existsSync(file("go"))).toBe(true));
  const fake = await runner(part.boot);
  await until(() => expect(fake.received.map(({ kind }) => kind)).toContain("resume"));
  fake.send(statusFrame("h1"));
  await until(() => expect(fixture.told.reports).toHaveLength(2));
  expect(fixture.door.connected("web")).toBe(true);
  // Nobody had lost it in between.
  expect(fixture.told.connected).toEqual([true]);
});

test("what is asked of a runner that has not come calls it at once, and is answered by it", async () => {
  const part = await begun();
  const asked = fixture.door.configure("web", config({ hash: "h2" }));
  await until(() => expect(existsSync(file("go"))).toBe(true));
  const fake = await runner(part.boot);
  await asked;
  expect(fake.received.find(({ kind }) => kind === "configure")).toMatchObject({
    config: { hash: "h2" },
  });
});

test("of processes of which one was not told nothing is known, and one that ended does not run", async () => {
  await fixture.door.prepareSpool("web", config());
  fixture.door.attach("web", 0);
  const [first, second] = take().starts;
  tell([RUNS, first?.id ?? 0, 40, 0]);
  await expect(until(() => expect(fixture.door.connected("web")).toBe(true))).rejects.toThrow(
    "expected false to be true",
  );
  tell([RUNS, second?.id ?? 0, 41, 0]);
  await until(() => expect(fixture.door.connected("web")).toBe(true));
  tell([ENDED, first?.id ?? 0, 1, 256]);
  await until(() =>
    expect(fixture.door.report("web")?.agents).toMatchObject([
      { agent: "a", state: "starting", pid: null },
      { agent: "b", state: "running", pid: 41 },
    ]),
  );
  expect(fixture.told.connected).toEqual([true]);
});

test("the next start of the container begins anew: what was told before holds no longer", async () => {
  await begun();
  await fixture.door.prepareSpool("web", config());
  expect(fixture.door.connected("web")).toBe(false);
  expect(fixture.told.connected).toEqual([true, false]);
  expect(existsSync(file("told"))).toBe(false);
  expect(existsSync(file("first"))).toBe(true);
});

test("what needs the runner is not laid down, and takes away what lay there", async () => {
  await fixture.door.prepareSpool("web", config());
  expect(existsSync(file("first"))).toBe(true);
  await fixture.door.prepareSpool("web", config({ secretNames: ["TOKEN"] }));
  expect(existsSync(file("first"))).toBe(false);
});

test("a runner that never comes is given up, and whoever waits for it is told", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    mkdirSync(fixture.spool(), { recursive: true });
    await fixture.door.prepareSpool("web", config());
    const part = take();
    tell(...part.starts.map(({ id }, index) => [RUNS, id, 40 + index, 0]));
    fixture.door.attach("web", 0);
    await vi.waitFor(() => expect(fixture.door.connected("web")).toBe(true));
    const asked = fixture.door.configure("web", config()).catch((thrown: unknown) => thrown);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await asked).toMatchObject({ kind: "transient", code: "runners.timeout" });
    await vi.advanceTimersByTimeAsync(30_000);
    // What lies there is of the past, however often it is seen: each dial in vain looks again.
    for (let dials = 0; dials < 5; dials += 1) {
      await vi.advanceTimersByTimeAsync(5_000);
      await readBegun(fixture.spool());
    }
    expect(fixture.told.connected).toEqual([true, false]);
    expect(fixture.door.connected("web")).toBe(false);
  } finally {
    vi.useRealTimers();
  }
});
