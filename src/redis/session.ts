/** What the rest of this room stands on: guarded commands over one connection, and what they tell of reachability. */
import type { Redis } from "ioredis";
import { BerthError } from "../base/errors.ts";
import { openGuard } from "../guard/guard.ts";
import { openConnection } from "./connection.ts";
import { translate } from "./errors.ts";
import { lua } from "./lua.ts";
import { LIMITS } from "./options.ts";
import type { RedisLimits, RedisOptions } from "./options.ts";

export interface Session {
  readonly limits: RedisLimits;
  /** `berth:<install>:<name>`. */
  key(name: string): string;
  command<T>(operation: string, work: (client: Redis) => Promise<T>): Promise<T>;
  /** A script by file name on one key. Sent whole each time (all are below 1 KiB), so SCRIPT FLUSH cannot break it. */
  script(name: string, key: string, values: readonly (string | number)[]): Promise<unknown>;
  onState(listener: (reachable: boolean) => void): void;
  trouble(operation: string, error: unknown): void;
  close(): void;
}

/** Opens no connection yet; the first call does. */
export function openSession(options: RedisOptions): Session {
  const limits = { ...LIMITS, ...options.limits };
  const guard = options.guard ?? openGuard("redis");
  const connection = openConnection(options, limits);
  const listeners: ((reachable: boolean) => void)[] = [];
  let last: boolean | null = null;
  const reached = (reachable: boolean): void => {
    if (reachable === last) return;
    last = reachable;
    for (const listener of listeners) listener(reachable);
  };
  let closed = false;
  connection.onReady((ready) => {
    if (!closed) reached(ready);
  });

  const command: Session["command"] = async (operation, work) => {
    try {
      const result = await guard.call(operation, limits.callMs, (signal) =>
        connection
          .ready(signal)
          .then(work)
          .catch((thrown: unknown) => {
            throw translate(operation, thrown);
          }),
      );
      reached(true);
      return result;
    } catch (thrown) {
      reached(thrown instanceof BerthError && thrown.kind !== "transient");
      throw thrown;
    }
  };
  const key = (name: string): string => `berth:${options.install}:${name}`;
  return {
    limits,
    key,
    command,
    script: (name, at, values) =>
      command(name, (client) => client.eval(lua(name), 1, key(at), ...values)),
    onState: (listener) => void listeners.push(listener),
    trouble: (operation, error) => options.onTrouble?.(operation, error),
    close: () => {
      closed = true;
      if (options.guard === undefined) guard.close();
      connection.close();
    },
  };
}
