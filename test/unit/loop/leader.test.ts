/** Who may lead: the lease is a hint, Postgres decides, and a leader ends when the epoch moves on. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { awaitLeadership, keepLeadership, type LeaderOptions } from "../../../src/loop/leader.ts";

// Fake timers reach the global one only; this gives the promised kind over it.
vi.mock("node:timers/promises", () => ({
  setTimeout: (ms: number, _value: undefined, { signal }: { signal: AbortSignal }) =>
    new Promise<void>((resolve, reject) => {
      if (signal.aborted) reject(signal.reason);
      const timer = setTimeout(resolve, ms);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        reject(signal.reason);
      });
    }),
}));

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

interface Stage {
  /** Whether the lease is free, in somebody's hands, or Redis away. */
  lease: "free" | "held" | "away";
  /** Whether the recorded leader's session lives. */
  leaderLives: boolean;
  obstacle: string | null;
  groundless: boolean;
  epoch: number;
  leaseAsked: number;
  said: string;
}

function staged(changes: Partial<Stage> = {}): Readonly<{ stage: Stage; options: LeaderOptions }> {
  const stage: Stage = {
    lease: "free",
    leaderLives: true,
    obstacle: null,
    groundless: false,
    epoch: 7,
    leaseAsked: 0,
    said: "",
    ...changes,
  };
  const options: LeaderOptions = {
    holder: "me",
    floor: async () => 0,
    obstacle: async () => stage.obstacle,
    async prepare() {
      if (stage.groundless) throw new Error("no runner image");
    },
    onWaiting: (why) => (stage.said = why),
    redis: {
      subscribe: async () => ({ close: async () => undefined }),
      async takeLease() {
        stage.leaseAsked += 1;
        if (stage.lease === "away") throw new Error("redis is away");
        return stage.lease === "free";
      },
    },
    postgres: {
      epoch: async () => stage.epoch,
      async takeLeadership({ force }) {
        return force || !stage.leaderLives ? (stage.epoch += 1) : null;
      },
    },
  };
  return { stage, options };
}

/** The epoch granted within this many polls, or null. */
async function grantedWithin(polls: number, options: LeaderOptions): Promise<number | null> {
  const ending = new AbortController();
  let granted: number | null = null;
  const waiting = awaitLeadership(options, ending.signal).then(
    (epoch) => (granted = epoch),
    () => undefined,
  );
  await vi.advanceTimersByTimeAsync(polls * 500 + 10);
  ending.abort();
  await vi.advanceTimersByTimeAsync(500);
  await waiting;
  return granted;
}

test("a free lease is taken and the epoch raised at once", async () => {
  expect(await grantedWithin(0, staged().options)).toBe(8);
});

test("a live leader's lease is respected, however long", async () => {
  const { stage, options } = staged({ lease: "held" });
  expect(await grantedWithin(20, options)).toBeNull();
  expect(stage.said).toBe("another daemon holds the lease");
});

test("a dead leader's lease is doubted at the second look, which comes soon, not at the first", async () => {
  const dead = { lease: "held", leaderLives: false } as const;
  expect(await grantedWithin(0, staged(dead).options)).toBeNull();
  expect(await grantedWithin(0.4, staged(dead).options)).toBe(8);
});

test("with Redis away Postgres alone decides", async () => {
  expect(await grantedWithin(4, staged({ lease: "away" }).options)).toBeNull();
  expect(await grantedWithin(0, staged({ lease: "away", leaderLives: false }).options)).toBe(8);
});

test("who must not lead does not even ask for the lease", async () => {
  const { stage, options } = staged({ obstacle: "foreign objects", leaderLives: false });
  expect(await grantedWithin(4, options)).toBeNull();
  expect([stage.leaseAsked, stage.said]).toEqual([0, "foreign objects"]);
});

test("who cannot make what leading stands on raises no epoch, and says why by ending the wait", async () => {
  const { stage, options } = staged({ groundless: true });
  await expect(awaitLeadership(options, new AbortController().signal)).rejects.toThrow(
    "no runner image",
  );
  expect(stage.epoch).toBe(7);
});

test("leadership ends when the epoch moves on, lease or no lease, and not before", async () => {
  for (const lease of ["free", "held", "away"] as const) {
    const { stage, options } = staged({ lease });
    const keeping = keepLeadership(options, 7);
    let why: string | null = null;
    void keeping.lost.then((said) => (why = said));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(why).toBeNull();
    stage.epoch = 8;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(why).toBe("epoch 8 took over from 7");
    keeping.stop();
  }
});
