/** Opens the door to Redis: coordination that may vanish at any time. */
import type { RedisDoor } from "./door.ts";
import { readLease, releaseLease, renewLease, takeLease } from "./lease.ts";
import type { RedisOptions } from "./options.ts";
import { openSession } from "./session.ts";
import { openTopics } from "./topics.ts";

const STATUS = "status";

/** Connects lazily: an unreachable server is told by the first call, as `redis.unreachable`. */
export function openRedis(options: RedisOptions): RedisDoor {
  const session = openSession(options);
  const topics = openTopics(session, options);
  return {
    ping: () => session.probe(),
    takeLease: (holder, ttlMs) => takeLease(session, holder, ttlMs),
    renewLease: (holder, ttlMs) => renewLease(session, holder, ttlMs),
    releaseLease: (holder) => releaseLease(session, holder),
    readLease: () => readLease(session),
    publish: (topic, payload) => topics.publish(topic, payload),
    subscribe: (topic, listener) => topics.subscribe(topic, listener),
    listeners: (topic) => topics.listeners(topic),
    writeStatus: async (status, ttlMs) =>
      void (await session.script("write-status", STATUS, [
        ttlMs,
        ...Object.entries(status).flat(),
      ])),
    readStatus: () =>
      session.command("read status", (client) => client.hgetall(session.key(STATUS))),
    onState: (listener) => session.onState(listener),
    close: async () => {
      topics.close();
      session.close();
    },
  };
}
