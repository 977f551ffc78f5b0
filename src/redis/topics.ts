/** Wake-ups over pub/sub: lost on a reconnect, so they only ever speed things up. */
import { BerthError } from "../base/errors.ts";
import { withDeadline } from "../guard/deadline.ts";
import { openConnection } from "./connection.ts";
import type { Connection } from "./connection.ts";
import { translate } from "./errors.ts";
import type { RedisOptions } from "./options.ts";
import type { Session } from "./session.ts";

type Listener = (payload: string) => void;
export type Subscription = Readonly<{ close(): Promise<void> }>;

interface Topic {
  readonly listeners: Set<Listener>;
  /** Everybody who joins while the first is still subscribing shares its fate. */
  readonly subscribed: Promise<void>;
}

export interface Topics {
  publish(topic: string, payload: string): Promise<void>;
  subscribe(topic: string, listener: Listener): Promise<Subscription>;
  listeners(topic: string): Promise<number>;
  close(): void;
}

/** Listeners per topic; more means somebody forgets to close. */
const MAX_LISTENERS = 64;

/** A connection of its own, made by the first subscription: one that subscribes can send nothing else. */
export function openTopics(session: Session, options: RedisOptions): Topics {
  const topics = new Map<string, Topic>();
  let connection: Connection | null = null;

  const send = async (operation: "subscribe" | "unsubscribe", channel: string): Promise<void> => {
    const via = (connection ??= openConnection(options, session.limits));
    const deadline = { door: "redis", operation, timeoutMs: session.limits.callMs };
    await withDeadline(deadline, async (signal) => {
      const client = await via.ready(signal);
      // The same listener again is the same listener: ioredis keeps one function once it is removed first.
      client.off("message", deliver).on("message", deliver);
      await client[operation](channel);
    }).catch((thrown: unknown) => {
      throw translate(operation, thrown);
    });
  };
  const deliver = (channel: string, payload: string): void => {
    for (const listener of topics.get(channel)?.listeners ?? []) listener(payload);
  };
  const leave = async (channel: string, listener: Listener): Promise<void> => {
    const topic = topics.get(channel);
    if (topic?.listeners.delete(listener) !== true || topic.listeners.size > 0) return;
    topics.delete(channel);
    // Unreachable: then nothing is subscribed, and a message that comes all the same finds no listener.
    await send("unsubscribe", channel).catch((thrown: unknown) =>
      session.trouble("unsubscribe", thrown),
    );
  };
  const topicOf = (channel: string): Topic => {
    const known = topics.get(channel);
    if (known !== undefined) return known;
    const made = { listeners: new Set<Listener>(), subscribed: send("subscribe", channel) };
    topics.set(channel, made);
    return made;
  };
  return {
    publish: async (topic, payload) =>
      void (await session.command("publish", (client) =>
        client.publish(channelOf(session, topic), payload),
      )),
    listeners: (topic) => listenersOf(topic, session),
    subscribe: async (name, listener) => {
      const channel = channelOf(session, name);
      const topic = topicOf(channel);
      if (topic.listeners.size >= MAX_LISTENERS) throw tooMany(name);
      // A listener of its own, so that the same function may be subscribed twice.
      const own: Listener = (payload) => listener(payload);
      topic.listeners.add(own);
      try {
        await topic.subscribed;
      } catch (thrown) {
        if (topics.get(channel) === topic) topics.delete(channel);
        throw thrown;
      }
      return { close: () => leave(channel, own) };
    },
    close: () => connection?.close(),
  };
}

async function listenersOf(topic: string, session: Session): Promise<number> {
  const channel = channelOf(session, topic);
  const counted = await session.command("count listeners", (client) =>
    client.pubsub("NUMSUB", channel),
  );
  return Number(counted[1]);
}

function channelOf(session: Session, topic: string): string {
  return session.key(`topic:${topic}`);
}

function tooMany(topic: string): BerthError {
  return new BerthError("defect", {
    code: "redis.subscriptions-leaked",
    detail: `${MAX_LISTENERS} listeners on ${topic}: some are never closed`,
  });
}
