/** A run's memory curve: begin, peak and end of a short run; few points and still the peak of a long one. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CURVE_POINTS, type MemoryCurve } from "../../../src/model/run.ts";
import { CurveRecorder } from "../../../src/runner/memory-curve.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Bytes by lived milliseconds. */
const recording = (bytesAt: (ms: number) => number | null): CurveRecorder => {
  const born = Date.now();
  const lived = (): number => Date.now() - born;
  return new CurveRecorder({ look: () => bytesAt(lived()), lived });
};

const ended = (curve: CurveRecorder, reached: number | null = null): MemoryCurve => {
  curve.end();
  return curve.points(reached);
};

test("a run that ends at once has a begin and an end", () => {
  const curve = recording((ms) => 1_000 + ms);
  vi.advanceTimersByTime(3);
  expect(ended(curve)).toEqual([
    [0, 1_000],
    [3, 1_003],
  ]);
});

test("a short run shows its rise and fall", () => {
  const curve = recording((ms) => (ms > 300 && ms < 600 ? 9_000 : 1_000));
  vi.advanceTimersByTime(900);
  const points = ended(curve);
  expect(Math.max(...points.map(([, bytes]) => bytes))).toBe(9_000);
  expect(points.at(0)?.[1]).toBe(1_000);
  expect(points.at(-1)).toEqual([900, 1_000]);
});

test("a run of a day has no more points than one of a second shows, in order, with its short peak", () => {
  const curve = recording((ms) => (ms > 1_000 && ms < 1_300 ? 77_000 : 5_000));
  vi.advanceTimersByTime(86_400_000);
  const points = ended(curve);
  expect(points.length).toBeLessThanOrEqual(CURVE_POINTS);
  expect(points.length).toBeGreaterThan(CURVE_POINTS / 3);
  expect(points.filter(([, bytes]) => bytes === 77_000)).toHaveLength(1);
  const times = points.map(([ms]) => ms);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(times.at(-1)).toBe(86_400_000);
});

test("what the kernel killed for memory ends at the limit, however fast it got there", () => {
  const curve = recording(() => 1_000);
  vi.advanceTimersByTime(20);
  expect(ended(curve, 64_000)).toEqual([
    [0, 1_000],
    [20, 64_000],
  ]);
});

test("where the kernel does not tell there is no curve, and no timer is left", () => {
  const curve = recording(() => null);
  expect(ended(curve)).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});
