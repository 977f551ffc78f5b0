/** The connection whose session lock says "the leader of this epoch lives". */
import { Client } from "pg";
import { withDeadline } from "../guard/deadline.ts";
import { inTransaction, statementsOn } from "./connection.ts";
import type { Statements } from "./connection.ts";
import { clientConfig } from "./options.ts";
import type { PostgresOptions } from "./options.ts";
import type { Session } from "./session.ts";

export interface LeaderConnection extends Statements {
  /** Takes the lock of an epoch; false when another session has it. */
  lock(epoch: number): Promise<boolean>;
  transaction<T>(work: (tx: Statements) => Promise<T>): Promise<T>;
  /** Called once, when the connection ends, by `end` too. */
  onEnd(listener: () => void): void;
  end(): Promise<void>;
}

/** Advisory locks are per database and ours is our own, so the class only has to differ from the one of our transaction locks (locks.ts). */
const LEADER_CLASS = 0x62657275;
const GOODBYE_MS = 1_000;

/** Connects; the signal of the caller's deadline ends it. */
export async function connectLeader(
  session: Session,
  options: PostgresOptions,
  signal: AbortSignal,
): Promise<LeaderConnection> {
  const client = new Client({
    ...clientConfig(options, session.limits),
    application_name: `${options.applicationName ?? `berth-${options.install}`}-leader`,
  });
  client.on("error", (error) => session.trouble("leader connection", error));
  const end = (): Promise<void> => endOf(client, session);
  const abandon = (): void => void end();
  signal.addEventListener("abort", abandon);
  try {
    await client.connect();
  } catch (thrown) {
    await end();
    throw thrown;
  } finally {
    signal.removeEventListener("abort", abandon);
  }
  const statements = statementsOn(client);
  return {
    ...statements,
    transaction: (work) => inTransaction(client, work),
    lock: async (epoch) =>
      (await statements.rows<{ held: boolean }>("leader-lock", [LEADER_CLASS, epoch]))[0]?.held ===
      true,
    onEnd: (listener) => void client.once("end", listener),
    end,
  };
}

/** Says goodbye, but not for long: a stalled server would never answer. */
async function endOf(client: Client, session: Session): Promise<void> {
  const goodbye = { door: "postgres", operation: "leader disconnect", timeoutMs: GOODBYE_MS };
  await withDeadline(goodbye, () => client.end()).catch((error: unknown) =>
    session.trouble("leader connection", error),
  );
}
