/** One slot of usage history out of two readings: rates, counters that begin anew, and gaps that stay gaps. */
import { expect, test } from "vitest";
import { goesOn, hostSlot, measure, type Reading } from "../../../src/insight/measure.ts";
import { sampleAt } from "../../support/measured.ts";

const SLOT = { project: "web", at: 20_000 };
const QUIET = { queueDepth: 0, waitSeconds: 0 };
const reading = (
  at: number,
  cpuUsageMs: number,
  more: Partial<Reading["sample"]> = {},
): Reading => ({
  sample: { ...sampleAt(at), cpuUsageMs, ...more },
  restarts: 3,
});

test("CPU is the rise of the counter over the time between the readings", () => {
  const slot = measure(SLOT, [reading(10_000, 1_000), reading(20_000, 6_000)], QUIET);
  expect(slot).toMatchObject({ ...SLOT, cpus: 0.5, cpusMax: 0.5, throttledCpus: 0, restarts: 0 });
});

test("a first reading tells memory but no rate", () => {
  const slot = measure(SLOT, [undefined, reading(20_000, 6_000)], QUIET);
  expect(slot).toMatchObject({ cpus: null, memoryBytes: 64 * 1024 ** 2, oomKills: 0, restarts: 0 });
});

test("a container that began anew has no rate this once, and its OOM kills are all new", () => {
  const before = reading(10_000, 9_000, { oomKills: 5 });
  const slot = measure(SLOT, [before, reading(20_000, 100, { oomKills: 1 })], QUIET);
  expect(slot).toMatchObject({ cpus: null, oomKills: 1 });
});

test("nothing new heard is a gap, not a zero", () => {
  const same = reading(10_000, 1_000);
  expect(measure(SLOT, [same, same], QUIET)).toBeNull();
  expect(measure(SLOT, [same, null], QUIET)).toBeNull();
});

test("the host is the sum of what is known, with the longest wait", () => {
  const one = measure(SLOT, [reading(10_000, 0), reading(20_000, 5_000)], {
    queueDepth: 2,
    waitSeconds: 9,
  });
  const two = measure({ ...SLOT, project: "api" }, [undefined, reading(20_000, 1)], {
    queueDepth: 1,
    waitSeconds: 4,
  });
  const slots = [one, two].flatMap((slot) => slot ?? []);
  expect(hostSlot(20_000, slots)).toMatchObject({
    project: "",
    cpus: 0.5,
    memoryBytes: 128 * 1024 ** 2,
    queueDepth: 3,
    waitSeconds: 9,
  });
  expect(hostSlot(20_000, [])).toBeNull();
});

test("a slot between two words of a resting container is as the one before; silence for longer is a gap", () => {
  const now = reading(20_500, 6_000);
  const last = measure(SLOT, [reading(10_500, 1_000, { oomKills: 0 }), now], QUIET) ?? undefined;
  const next = { project: "web", at: 22_000 };
  const waiting = { queueDepth: 2, waitSeconds: 3 };
  const filled = { ...last, ...next, restarts: 0, oomKills: 0, ...waiting };
  expect(goesOn(next, { last, now }, waiting)).toEqual(filled);
  expect(goesOn({ ...next, at: 22_501 }, { last, now }, waiting)).toBeNull();
  expect(goesOn(next, { last: undefined, now }, waiting)).toBeNull();
  expect(goesOn(next, { last, now: null }, waiting)).toBeNull();
});
