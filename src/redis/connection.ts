/** One connection to Redis that keeps itself alive; a call waits for it no longer than its own deadline. */
import { Redis } from "ioredis";
import { notConnected } from "./errors.ts";
import { clientOptions } from "./options.ts";
import type { RedisLimits, RedisOptions } from "./options.ts";

export interface Connection {
  /** Resolves once commands can be sent; rejects `redis.unreachable` when the signal fires first. */
  ready(signal: AbortSignal): Promise<Redis>;
  onReady(listener: (ready: boolean) => void): void;
  close(): void;
}

/** Callers waiting for a connection at once; more is an outage in which waiting helps nobody. */
const MAX_WAITING = 256;

/** Connects at the first call and from then on by itself. */
export function openConnection(options: RedisOptions, limits: RedisLimits): Connection {
  const client = new Redis(options.url, clientOptions(options, limits));
  let last: unknown = null;
  let waiting = 0;
  client.on("error", (error) => {
    last = error;
    options.onTrouble?.("connection", error);
  });
  client.setMaxListeners(MAX_WAITING + 16);

  const readyEvent = (signal: AbortSignal): Promise<Redis> =>
    new Promise((resolve, reject) => {
      waiting += 1;
      const settle = (): void => {
        waiting -= 1;
        client.off("ready", ready);
        client.off("error", failed);
        signal.removeEventListener("abort", gone);
      };
      const ready = (): void => {
        settle();
        resolve(client);
      };
      // A refused attempt is told at once: the next one is made in the background, the caller decides about its own.
      const failed = (error: unknown): void => {
        settle();
        reject(notConnected(error));
      };
      const gone = (): void => {
        settle();
        reject(notConnected(last));
      };
      client.once("ready", ready);
      client.once("error", failed);
      signal.addEventListener("abort", gone);
    });
  return {
    ready: async (signal) => {
      if (client.status === "ready") return client;
      if (waiting >= MAX_WAITING || signal.aborted || client.status === "end")
        throw notConnected(last);
      // A failed first connect is told by "error" and tried again like any later one.
      if (client.status === "wait") client.connect().catch((error: unknown) => (last = error));
      return readyEvent(signal);
    },
    onReady: (listener) => {
      client.on("ready", () => listener(true));
      client.on("close", () => listener(false));
    },
    close: () => client.disconnect(false),
  };
}
