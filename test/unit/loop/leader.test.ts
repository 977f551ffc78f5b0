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

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

interface Stage {
  /** Whether the lease is free, in our or somebody else's hands, or Redis away. */
  lease: "free" | "held" | "mine" | "away";
  /** What is left of a held one. */
  leaseMs: number;
  /** Whether the recorded leader's session lives. */
  leaderLives: boolean;
  obstacle: string | null;
  groundless: boolean;
  epoch: number;
  leaseAsked: number;
  said: string;
  /** Tells who listens that the lease was released. */
  release(): void;
}

function staged(changes: Partial<Stage> = {}): Readonly<{ stage: Stage; options: LeaderOptions }> {
  const stage: Stage = {
    lease: "free",
    leaseMs: 3_000,
    leaderLives: true,
    obstacle: null,
    groundless: false,
    epoch: 7,
    leaseAsked: 0,
    said: "",
    release: () => undefined,
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
      async subscribe(_topic, listener) {
        stage.release = () => listener("released");
        return { close: async () => undefined };
      },
      async readLease() {
        stage.leaseAsked += 1;
        if (stage.lease === "away") throw new Error("redis is away");
        const holder = { free: null, held: "other", mine: "me" }[stage.lease];
        return { holder, ttlMs: holder === null ? 0 : stage.leaseMs };
      },
      async takeLease() {
        stage.leaseAsked += 1;
        if (stage.lease === "away") throw new Error("redis is away");
        if (stage.lease === "held") return false;
        stage.lease = "mine";
        return true;
      },
      async releaseLease() {
        if (stage.lease === "mine") stage.lease = "free";
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

interface Candidate {
  /** The epoch granted within so many ms more, or null. */
  within(ms: number): Promise<number | null>;
  end(): Promise<void>;
}

function candidate(options: LeaderOptions): Candidate {
  const ending = new AbortController();
  let granted: number | null = null;
  const waiting = awaitLeadership(options, ending.signal).then(
    (epoch) => (granted = epoch),
    () => undefined,
  );
  return {
    async within(ms) {
      await vi.advanceTimersByTimeAsync(ms);
      return granted;
    },
    async end() {
      ending.abort();
      await vi.advanceTimersByTimeAsync(500);
      await waiting;
    },
  };
}

/** The epoch granted within this many polls, or null. */
async function grantedWithin(polls: number, options: LeaderOptions): Promise<number | null> {
  const waits = candidate(options);
  const granted = await waits.within(polls * 500 + 10);
  await waits.end();
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

test("a lease that vanishes is left to its live leader until it would have ended, and taken then", async () => {
  const { stage, options } = staged({ lease: "held", leaseMs: 2_500 });
  const waits = candidate(options);
  await waits.within(0);
  stage.lease = "free";
  expect(await waits.within(2_400)).toBeNull();
  expect(stage.said).toMatch(/^the lease vanished/);
  // Its holder took it again, and lost it again.
  stage.lease = "held";
  await waits.within(500);
  stage.lease = "free";
  expect(await waits.within(2_000)).toBeNull();
  expect(await waits.within(1_000)).toBe(8);
  await waits.end();
});

test("a lease that ran out is taken at the next look", async () => {
  const { stage, options } = staged({ lease: "held" });
  const endsAt = performance.now() + 700;
  const runningOut = async (): ReturnType<typeof options.redis.readLease> => {
    stage.leaseMs = endsAt - performance.now();
    if (stage.leaseMs <= 0) stage.lease = "free";
    return readLease();
  };
  const { readLease } = options.redis;
  const waits = candidate({ ...options, redis: { ...options.redis, readLease: runningOut } });
  expect(await waits.within(690)).toBeNull();
  expect(await waits.within(510)).toBe(8);
  await waits.end();
});

test("a lease that was released is taken at once", async () => {
  const { stage, options } = staged({ lease: "held" });
  const waits = candidate(options);
  await waits.within(400);
  stage.lease = "free";
  stage.release();
  expect(await waits.within(0)).toBe(8);
  await waits.end();
});

test("a leader that died when Redis was wiped is replaced as soon as any dead one", async () => {
  const { stage, options } = staged({ lease: "held" });
  const waits = candidate(options);
  await waits.within(1_000);
  Object.assign(stage, { lease: "free", leaderLives: false });
  expect(await waits.within(500)).toBe(8);
  await waits.end();
});

test("a Redis that comes back empty gives the leader a lease's time to take it again", async () => {
  const { stage, options } = staged({ lease: "away" });
  const waits = candidate(options);
  await waits.within(1_000);
  stage.lease = "free";
  expect(await waits.within(2_400)).toBeNull();
  expect(await waits.within(1_000)).toBe(8);
  await waits.end();
});

test("a leader that was deposed gives up the lease it still has, to whoever leads", async () => {
  const { stage, options } = staged({ lease: "mine" });
  const waits = candidate(options);
  expect(await waits.within(0)).toBeNull();
  expect(stage.lease).toBe("free");
  stage.lease = "held";
  expect(await waits.within(10_000)).toBeNull();
  await waits.end();
  const alone = staged({ lease: "mine", leaderLives: false });
  expect(await grantedWithin(0.4, alone.options)).toBe(8);
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
    await vi.advanceTimersByTimeAsync(2_000);
    expect(why).toBe("epoch 8 took over from 7");
    keeping.stop();
  }
});

test("lease and epoch are asked about at the same moments, and one store's silence delays the other's answer by nothing", async () => {
  const { stage, options } = staged({ lease: "mine" });
  const silent = () => new Promise<never>(() => undefined);
  const keeping = keepLeadership({ ...options, redis: { ...options.redis, takeLease: silent } }, 7);
  expect(vi.getTimerCount()).toBe(1);
  await vi.advanceTimersByTimeAsync(3_500);
  expect(vi.getTimerCount()).toBe(1);
  stage.epoch = 8;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await keeping.lost).toBe("epoch 8 took over from 7");
  keeping.stop();
});
