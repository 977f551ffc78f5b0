/** Taking the next epoch, and showing by a session lock that its leader lives. */
import { BerthError } from "../base/errors.ts";
import { delayMs } from "../guard/retry.ts";
import { readEpoch } from "./install.ts";
import { connectLeader } from "./leader-connection.ts";
import type { LeaderConnection } from "./leader-connection.ts";
import type { PostgresOptions } from "./options.ts";
import type { Session } from "./session.ts";

const RETAKE = { firstMs: 100, maxMs: 2_000 };

export type LeadRequest = Readonly<{ holder: string; floor: number; force: boolean }>;

/**
 * INVARIANTS: a lock belongs to one epoch, and a leader has its epoch's lock before anybody can see that epoch: so "the lock of the
 * current epoch is free" means "its leader is gone", and what a deposed leader still holds says nothing. The lock only informs
 * candidates that cannot see Redis; what makes writes safe is the epoch. Losing the connection says "unreachable" and starts
 * getting the lock back, until the epoch is somebody else's.
 */
export class Leadership {
  readonly #session: Session;
  readonly #options: PostgresOptions;
  #held: Readonly<{ connection: LeaderConnection; epoch: number }> | null = null;
  #closed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Takes and retakes one after the other: they share a connection. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(session: Session, options: PostgresOptions) {
    this.#session = session;
    this.#options = options;
  }

  /** See `PostgresDoor.takeLeadership`. */
  take(request: LeadRequest): Promise<number | null> {
    return this.#inTurn("take leadership", async (connection) => {
      const current = await epochOn(connection);
      if (!request.force && !(await connection.lock(current))) return null;
      const expected = request.force ? null : current;
      return connection.transaction(async (tx) => {
        const [taken] = await tx.rows<{ epoch: number }>("epoch-take", [
          request.holder,
          request.floor,
          expected,
        ]);
        if (taken === undefined) return null;
        // Before the commit, so that nobody can see this epoch without its lock.
        if (!(await connection.lock(taken.epoch))) throw lockTaken(taken.epoch);
        return taken.epoch;
      });
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const held = this.#held;
    this.#held = null;
    await held?.connection.end();
  }

  /** Runs `work` on the leader's connection, which is kept if `work` gives the epoch it now stands for and ended if not. */
  #inTurn(
    operation: string,
    work: (connection: LeaderConnection) => Promise<number | null>,
  ): Promise<number | null> {
    const turn = this.#turn.then(() =>
      this.#session.guarded(operation, this.#session.limits.callMs, async (signal) => {
        const connection =
          this.#held?.connection ?? (await connectLeader(this.#session, this.#options, signal));
        const abandon = (): void => void connection.end();
        signal.addEventListener("abort", abandon);
        try {
          const epoch = await work(connection);
          await this.#keep(connection, signal.aborted ? null : epoch);
          return epoch;
        } catch (thrown) {
          await this.#keep(connection, null);
          throw thrown;
        } finally {
          signal.removeEventListener("abort", abandon);
        }
      }),
    );
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #keep(connection: LeaderConnection, epoch: number | null): Promise<void> {
    clearTimeout(this.#timer);
    const known = this.#held?.connection === connection;
    this.#held = epoch === null || this.#closed ? null : { connection, epoch };
    if (this.#held === null) await connection.end();
    else if (!known) connection.onEnd(() => this.#lost(connection));
  }

  #lost(connection: LeaderConnection): void {
    if (this.#held?.connection !== connection) return;
    const { epoch } = this.#held;
    this.#held = null;
    this.#session.reached(false);
    this.#retake(epoch, 0);
  }

  #retake(epoch: number, attempt: number): void {
    if (this.#closed) return;
    const wait = delayMs(RETAKE, attempt, this.#options.chance ?? Math.random);
    this.#timer = setTimeout(() => void this.#retry(epoch, attempt), wait);
  }

  async #retry(epoch: number, attempt: number): Promise<void> {
    try {
      const back = async (connection: LeaderConnection): Promise<number | null> =>
        (await connection.lock(epoch)) ? epoch : null;
      const moved = this.#held !== null || (await readEpoch(this.#session)) !== epoch;
      if (moved || (await this.#inTurn("leader lock", back)) !== null) return;
    } catch (thrown) {
      this.#session.trouble("leader lock", thrown);
    }
    this.#retake(epoch, attempt + 1);
  }
}

async function epochOn(connection: LeaderConnection): Promise<number> {
  const [row] = await connection.rows<{ epoch: number }>("install-read");
  if (row === undefined)
    throw new BerthError("defect", {
      code: "postgres.install-missing",
      detail: "no install row to lead",
    });
  return row.epoch;
}

/** Nobody can know an epoch before it is committed. */
function lockTaken(epoch: number): BerthError {
  return new BerthError("defect", {
    code: "postgres.lock-foreign",
    detail: `somebody holds the lock of epoch ${epoch}`,
  });
}
