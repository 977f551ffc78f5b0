/** Live status for those who stand by: fresh while somebody does, seldom while nobody reads it, and borrowed by who does not lead. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { shareStatus } from "../../../src/loop/standby.ts";
import { deskState } from "../../support/desk-state.ts";
import { sampleSpec } from "../../support/project-samples.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const MINUTE_MS = 60_000;

function aDaemon(standing: number) {
  const facts = { standing };
  const written: Readonly<{ projects: readonly string[]; ttlMs: number }>[] = [];
  let status: Readonly<Record<string, string>> = {};
  const { state } = deskState({ projects: [sampleSpec()], now: 1_000 });
  Object.assign(state, {
    redis: {
      listeners: async () => facts.standing,
      readStatus: async () => status,
      async writeStatus(views: Readonly<Record<string, string>>, ttlMs: number) {
        status = views;
        written.push({ projects: Object.keys(views), ttlMs });
      },
    },
  });
  return { facts, state, written };
}

test("a leader writes each 5 s while somebody stands by, and each 15 s while nobody does", async () => {
  const { facts, state, written } = aDaemon(1);
  const sharing = shareStatus(state);
  await vi.advanceTimersByTimeAsync(MINUTE_MS);
  expect(written).toHaveLength(12);
  facts.standing = 0;
  await vi.advanceTimersByTimeAsync(MINUTE_MS);
  expect(written).toHaveLength(16);
  facts.standing = 1;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(written).toHaveLength(17);
  sharing.stop();
});

test("the first turn writes whoever reads, and what is written outlives the turns that are left out", async () => {
  const { state, written } = aDaemon(0);
  const sharing = shareStatus(state);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(written.map(({ projects }) => projects)).toEqual([["web"]]);
  expect(written[0]?.ttlMs).toBeGreaterThan(2 * 15_000);
  sharing.stop();
});

test("who does not lead borrows what the leader wrote, and gives it back when it leads", async () => {
  const { state } = aDaemon(1);
  const sharing = shareStatus(state);
  const { session } = state;
  await vi.advanceTimersByTimeAsync(5_000);
  state.session = null;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(state.borrowed.map(({ name, reasons }) => [name, reasons.at(-1)])).toEqual([
    ["web", "as the leader last said"],
  ]);
  state.session = session;
  await vi.advanceTimersByTimeAsync(5_000);
  expect(state.borrowed).toEqual([]);
  sharing.stop();
});
