/** Two daemons of one install: the second takes over within 5 s of the first one's death, and a frozen first one steps down. */
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  gaps,
  leftAfterRemoval,
  overlaps,
  recordsCaughtUp,
  sql,
  type Ready,
} from "../support/accounts.ts";
import { counter, host } from "../support/samples.ts";
import { type Stack, eventually, get, startStack } from "../support/stack.ts";
import { witness } from "../support/witness.ts";

/** Promised. */
const TAKEOVER_MS = 5_000;
/** A standby that took what it found free won two of three. */
const WIPES = 8;

let stack: Stack;
let second: Awaited<ReturnType<Stack["second"]>>;
beforeAll(async () => {
  stack = await startStack();
  await stack.apply(host(counter("one") + counter("two")));
  second = await stack.second();
});
afterAll(() => stack.close());

const readyAt = async (socket: string): Promise<Ready> =>
  JSON.parse((await get(socket, "/readyz")).body) as Ready;
const ofFirst = (): Promise<Ready> => readyAt(stack.socket);
const ofSecond = (): Promise<Ready> => readyAt(second.socket);

async function leads(who: () => Promise<Ready>): Promise<Ready> {
  return eventually("it leads", async () => {
    const now = await who();
    return now.role === "leader" ? now : undefined;
  });
}

interface Inspected {
  readonly Id: string;
  readonly State: Readonly<{ StartedAt: string; Status: string }>;
  readonly HostConfig: object;
}

/** What the world holds of this install: any act of a deposed leader would show. */
async function world(): Promise<string> {
  const { containers, networks, volumes } = await stack.objects();
  const seen = JSON.parse(await stack.docker("inspect", ...containers)) as Inspected[];
  const told = seen.map(({ Id, State, HostConfig }) => [
    Id,
    State.Status,
    State.StartedAt,
    HostConfig,
  ]);
  return JSON.stringify([told, networks.toSorted(), volumes.toSorted()], null, 1);
}

test("two daemons: one leads, the other stands by and says so", async () => {
  expect((await ofFirst()).role).toBe("leader");
  const standby = await eventually("the second stands by", async () => {
    const now = await ofSecond();
    return now.role === "standby" ? now : undefined;
  });
  expect(standby.modes.map(({ name }) => name)).toContain("standby");
  const refused = await stack.berth("pause", "one", "--no-wait", "-H", `unix:${second.socket}`);
  expect(refused.code).toBe(75);
});

test("Redis is wiped again and again: the leader keeps leading, and has its lease again within a second or so", async () => {
  const { epoch } = await ofFirst();
  const redis = new Redis(stack.redis.url, { replyMapping: "legacy", lazyConnect: true });
  const key = `berth:${stack.install}:lease`;
  try {
    await redis.connect();
    const holder = await redis.get(key);
    for (let wipe = 0; wipe < WIPES; wipe += 1) {
      // Any phase between the leader's renewals and the standby's looks, of which one at least has seen the lease.
      const since = Date.now();
      await eventually("the standby has looked", () =>
        Date.now() - since > 1_000 + 130 * wipe ? true : undefined,
      );
      await redis.flushall();
      const again = await eventually(
        "somebody holds the lease",
        async () => (await redis.get(key)) ?? undefined,
      );
      expect(again).toBe(holder);
    }
  } finally {
    redis.disconnect();
  }
  expect(await ofFirst()).toMatchObject({ role: "leader", epoch });
});

test("the first is killed: the second leads within 5 s and no run notices", async () => {
  const before = await recordsCaughtUp(stack);
  const { epoch } = await ofFirst();
  const killed = Date.now();
  await stack.killDaemon("SIGKILL");
  const now = await leads(ofSecond);
  expect(Date.now() - killed).toBeLessThan(TAKEOVER_MS);
  expect(now.epoch).toBeGreaterThan(epoch ?? 0);
  // The first one's socket is free again: it comes back as a standby, with the same records.
  stack.launchDaemon();
  await eventually("the first stands by", async () =>
    (await ofFirst()).role === "standby" ? true : undefined,
  );
  const after = await sql<{ id: string; outcome: string | null }>(
    stack,
    "select id, outcome from run order by project, started_at",
  );
  expect(after.map(({ id, outcome }) => [id, outcome])).toEqual(before.map(({ id }) => [id, null]));
});

test("the leader is frozen and thawed: it steps down and changes nothing", async () => {
  const watch = witness(stack.install);
  const old = (await ofSecond()).epoch ?? 0;
  process.kill(second.pid, "SIGSTOP");
  const frozenAt = Date.now();
  const now = await leads(ofFirst);
  expect(Date.now() - frozenAt).toBeLessThan(TAKEOVER_MS);
  expect(now.epoch).toBeGreaterThan(old);
  // Work for whoever believes to lead: a dead container to repair and a declaration that moved on.
  const [container = ""] = (await stack.objects()).containers;
  const startOf = (): Promise<string> =>
    stack.docker("inspect", "--format", "{{.State.Running}} {{.State.StartedAt}}", container);
  const firstStart = await startOf();
  await stack.docker("kill", container);
  const file = stack.write("more.yaml", host(counter("one") + counter("two") + counter("three")));
  await stack.ok("apply", "-f", file, "--wait", "-y");
  await eventually("the dead one runs again", async () => {
    const start = await startOf();
    return start.startsWith("true") && start !== firstStart ? true : undefined;
  });
  await recordsCaughtUp(stack);
  const before = await world();
  const thawedAt = Date.now();
  process.kill(second.pid, "SIGCONT");
  await eventually("the thawed one stands by", async () =>
    (await ofSecond()).role === "standby" ? true : undefined,
  );
  // A relist of its own, had it gone on, would be over by then.
  await eventually("a while has passed", () => (Date.now() - thawedAt > 5_000 ? true : undefined));
  expect(await world()).toBe(before);
  const late = await sql(
    stack,
    "select id, kind, resource from step where epoch <= $1 and (opened_at > to_timestamp($2) or settled_at > to_timestamp($2) and outcome = 'done')",
    [old, thawedAt / 1000],
  );
  expect(late).toEqual([]);
  expect((await ofFirst()).role).toBe("leader");
  expect((await watch.stop()).doubles).toEqual([]);
});

test("over both takeovers no run was doubled and no line is missing", async () => {
  expect(overlaps(await recordsCaughtUp(stack))).toEqual([]);
  expect(await gaps(stack, "one", "two", "three")).toEqual([]);
  expect(await leftAfterRemoval(stack)).toEqual([]);
});
