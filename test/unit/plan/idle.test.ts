/** Resting for want of work: when it begins, that work always ends it, and what the plan makes of it. */
import { assert, constantFrom, nat, property } from "fast-check";
import { expect, test } from "vitest";
import { type IdleSight, idleVerdict } from "../../../src/plan/idle.ts";

const spec = { freezeAfterMs: 1_000, stopAfterMs: 5_000 };
const sight: IdleSight = { spec, work: null, workedAt: 0, rest: null };
const frozen = { kind: "frozen", since: 0 } as const;

test("it is frozen, then stopped, each as long after the last work as declared", () => {
  expect(idleVerdict(sight, 999)).toEqual({ kind: "stay" });
  expect(idleVerdict(sight, 1_000)).toEqual({ kind: "rest", rest: frozen });
  expect(idleVerdict({ ...sight, rest: frozen }, 4_999)).toEqual({ kind: "stay" });
  const stopped = { kind: "stopped", since: 0 } as const;
  expect(idleVerdict({ ...sight, rest: frozen }, 5_000)).toEqual({ kind: "rest", rest: stopped });
  expect(idleVerdict({ ...sight, rest: stopped }, 9_000_000)).toEqual({ kind: "stay" });
});

test("without freeze_after it is stopped at once, without stop_after only frozen, undeclared neither", () => {
  const only = (freezeAfterMs: number | null, stopAfterMs: number | null): unknown =>
    idleVerdict({ ...sight, spec: { freezeAfterMs, stopAfterMs } }, 1e9);
  expect(only(null, 5_000)).toMatchObject({ rest: { kind: "stopped" } });
  expect(only(1_000, null)).toMatchObject({ rest: { kind: "frozen" } });
  expect(only(null, null)).toEqual({ kind: "stay" });
  expect(idleVerdict({ ...sight, spec: undefined }, 1e9)).toEqual({ kind: "stay" });
  expect(idleVerdict({ ...sight, spec: undefined, rest: frozen }, 1)).toMatchObject({
    kind: "wake",
  });
});

const rests = constantFrom<IdleSight["rest"]>(null, frozen, { kind: "stopped", since: 0 });

test("with work nothing rests, whatever else is so", () => {
  assert(
    property(rests, nat(), nat(), (rest, workedAt, now) => {
      const verdict = idleVerdict({ ...sight, work: "task 7 waits", workedAt, rest }, now);
      expect(verdict).toEqual(
        rest === null ? { kind: "stay" } : { kind: "wake", why: "task 7 waits" },
      );
    }),
  );
});

test("without work rest only deepens, and `since` stays", () => {
  assert(
    property(rests, nat(20_000), (rest, now) => {
      const verdict = idleVerdict({ ...sight, rest }, now);
      expect(verdict.kind).not.toBe("wake");
      const next = verdict.kind === "rest" ? verdict.rest : null;
      expect(next === null || next.since === 0).toBe(true);
      expect(rest?.kind === "frozen" && next?.kind === "frozen").toBe(false);
      expect(rest?.kind === "stopped" && next !== null).toBe(false);
    }),
  );
});
