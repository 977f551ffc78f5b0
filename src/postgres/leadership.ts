/** Taking the next epoch, and the session lock that tells the others this leader lives. */
import { Client } from "pg";
import { withDeadline } from "../guard/deadline.ts";
import { delayMs } from "../guard/retry.ts";
import { BerthError } from "../base/errors.ts";
import { clientConfig } from "./options.ts";
import type { PostgresOptions } from "./options.ts";
import { readEpoch } from "./install.ts";
import { statementsOn } from "./connection.ts";
import type { Session } from "./session.ts";

/** Advisory locks are per database and ours is our own, so the numbers only have to differ from each other. */
const LEADER_LOCK = [0x62657274, 1] as const;
const GOODBYE_MS = 1_000;
const RETAKE = { firstMs: 100, maxMs: 2_000 };

export interface Leadership {
  take(
    request: Readonly<{ holder: string; floor: number; force: boolean }>,
  ): Promise<number | null>;
  close(): Promise<void>;
}

/**
 * INVARIANTS: at most one lock connection at a time, and only while `mine` is, as far as we know, the current epoch: a deposed
 * leader that kept the lock would look alive. The lock only tells candidates that cannot see Redis; what makes writes safe is
 * the epoch. Losing the connection says "unreachable" and starts getting it back, until the epoch is somebody else's.
 */
class LeaderLock {
  readonly #session: Session;
  readonly #options: PostgresOptions;
  #held: Client | null = null;
  #mine: number | null = null;
  #closed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(session: Session, options: PostgresOptions) {
    this.#session = session;
    this.#options = options;
    session.onStale((epoch) => {
      if (epoch === this.#mine) void this.drop();
    });
  }

  /** Gets the lock, or says that another session has it. */
  async get(): Promise<boolean> {
    if (this.#held !== null) return true;
    const client = await lockOn(this.#session, this.#options);
    if (client === null) return false;
    if (this.#closed || this.#held !== null) {
      await endOf(client, this.#session);
      return !this.#closed;
    }
    this.#held = client;
    client.once("end", () => this.#lost(client));
    return true;
  }

  /** From now on the lock stands for this epoch; gets it in the background if it is not held yet. */
  standFor(epoch: number): void {
    this.#mine = epoch;
    if (this.#held === null) this.#retake(0);
  }

  standsFor(epoch: number): boolean {
    return this.#held !== null && this.#mine === epoch;
  }

  async drop(): Promise<void> {
    this.#mine = null;
    clearTimeout(this.#timer);
    const client = this.#held;
    this.#held = null;
    if (client !== null) await endOf(client, this.#session);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.drop();
  }

  #lost(client: Client): void {
    if (this.#held !== client) return;
    this.#held = null;
    this.#session.reached(false);
    this.#retake(0);
  }

  #retake(attempt: number): void {
    clearTimeout(this.#timer);
    if (this.#closed || this.#mine === null) return;
    this.#timer = setTimeout(
      () => void this.#retry(attempt),
      delayMs(RETAKE, attempt, this.#options.chance ?? Math.random),
    );
  }

  async #retry(attempt: number): Promise<void> {
    try {
      if ((await readEpoch(this.#session)) !== this.#mine) return void (this.#mine = null);
      if (await this.get()) return;
    } catch (thrown) {
      this.#session.trouble("leader lock", thrown);
    }
    this.#retake(attempt + 1);
  }
}

/** Leadership of this database; `take` is `takeLeadership` of the door. */
export function openLeadership(session: Session, options: PostgresOptions): Leadership {
  const lock = new LeaderLock(session, options);
  return {
    take: async ({ holder, floor, force }) => {
      if (!lock.standsFor(await readEpoch(session))) await lock.drop();
      if (!force && !(await lock.get())) return null;
      try {
        const epoch = await takeEpoch(session, holder, floor);
        // Under the lease the old leader's session may still live: the lock is got when that ends.
        if (force)
          await lock.get().catch((error: unknown) => session.trouble("leader lock", error));
        lock.standFor(epoch);
        return epoch;
      } catch (thrown) {
        await lock.drop();
        throw thrown;
      }
    },
    close: () => lock.close(),
  };
}

async function takeEpoch(session: Session, holder: string, floor: number): Promise<number> {
  const [row] = await session.read<{ epoch: number }>("epoch-take", [holder, floor]);
  if (row === undefined)
    throw new BerthError("defect", {
      code: "postgres.install-missing",
      detail: "no install row to lead",
    });
  return row.epoch;
}

/** A connection that holds the leader's lock, or null when another session holds it. */
async function lockOn(session: Session, options: PostgresOptions): Promise<Client | null> {
  return session.guarded("leader lock", session.limits.callMs, async (signal) => {
    const client = new Client({
      ...clientConfig(options, session.limits),
      application_name: `${options.applicationName ?? `berth-${options.install}`}-leader`,
    });
    client.on("error", (error) => session.trouble("leader connection", error));
    const end = (): void => void endOf(client, session);
    signal.addEventListener("abort", end);
    try {
      await client.connect();
      const [row] = await statementsOn(client).rows<{ held: boolean }>("leader-lock", LEADER_LOCK);
      if (row?.held === true) return client;
      await endOf(client, session);
      return null;
    } catch (thrown) {
      end();
      throw thrown;
    } finally {
      signal.removeEventListener("abort", end);
    }
  });
}

/** Says goodbye, but not for long: a stalled server would never answer. */
async function endOf(client: Client, session: Session): Promise<void> {
  await withDeadline(
    { door: "postgres", operation: "leader disconnect", timeoutMs: GOODBYE_MS },
    () => client.end(),
  ).catch((error: unknown) => session.trouble("leader connection", error));
}
