/** What the rest of this room stands on: guarded commands over one connection, and what they tell of reachability. */
import type { Redis } from "ioredis";
import { BerthError } from "../base/errors.ts";
import { openGuard } from "../guard/guard.ts";
import { openConnection } from "./connection.ts";
import { translate } from "./errors.ts";
import { lua } from "./lua.ts";
import { LIMITS } from "./options.ts";
import type { RedisLimits, RedisOptions } from "./options.ts";
import { Reach } from "./reach.ts";

export interface Session {
  readonly limits: RedisLimits;
  /** `berth:<install>:<name>`. */
  key(name: string): string;
  command<T>(operation: string, work: (client: Redis) => Promise<T>): Promise<T>;
  /** Whether it takes what we write. Once a call has failed it is tried each second, and only its success counts as reachable. */
  probe(): Promise<void>;
  /** A script by file name on one key. Sent whole each time (all are below 1 KiB), so SCRIPT FLUSH cannot break it. */
  script(name: string, key: string, values: readonly (string | number)[]): Promise<unknown>;
  onState(listener: (reachable: boolean) => void): void;
  trouble(operation: string, error: unknown): void;
  close(): void;
}

/** Written to learn whether anything can be. */
const PROBE = "probe";
const PROBE_LASTS_MS = 1_000;

/** Opens no connection yet; the first call does. */
export function openSession(options: RedisOptions): Session {
  const limits = { ...LIMITS, ...options.limits };
  const guard = options.guard ?? openGuard("redis");
  const connection = openConnection(options, limits);
  const key = (name: string): string => `berth:${options.install}:${name}`;
  const call: Session["command"] = async (operation, work) => {
    try {
      return await guard.call(operation, limits.callMs, (signal) =>
        connection
          .ready(signal)
          .then(work)
          .catch((thrown: unknown) => {
            throw translate(operation, thrown);
          }),
      );
    } catch (thrown) {
      if (!isAnswer(thrown)) reach.failed();
      throw thrown;
    }
  };
  const reach = new Reach(() =>
    call("ping", (client) => client.set(key(PROBE), "", "PX", PROBE_LASTS_MS)),
  );
  const command: Session["command"] = async (operation, work) => {
    const result = await call(operation, work);
    reach.answered();
    return result;
  };
  connection.onReady((ready) => (ready ? reach.connected() : reach.failed()));
  return {
    limits,
    key,
    command,
    probe: () => reach.probe(),
    script: (name, at, values) =>
      command(name, (client) => client.eval(lua(name), 1, key(at), ...values)),
    onState: (listener) => reach.onState(listener),
    trouble: (operation, error) => options.onTrouble?.(operation, error),
    close: () => {
      reach.close();
      if (options.guard === undefined) guard.close();
      connection.close();
    },
  };
}

/** Whether the server let us in and answered, if only that it does not understand. */
function isAnswer(thrown: unknown): boolean {
  return thrown instanceof BerthError && thrown.kind !== "transient" && thrown.kind !== "rejected";
}
