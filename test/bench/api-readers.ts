/** Many readers of the event stream over TCP, and when each of them had an event. */
import { setTimeout as sleep } from "node:timers/promises";
import { type IncomingMessage, request } from "node:http";
import { eachOf } from "./numbers.ts";

interface Seen {
  readonly id: number;
  readonly at: number;
  readonly project: string | null;
  readonly kind: string;
}

export interface Told {
  /** Milliseconds since the epoch: the database's clock, on the same machine. */
  readonly recordedAt: number;
  readonly lastAt: number;
}

export interface EventReaders {
  /** Resolves when every reader had the first event from now on that fits. */
  expect(fits: (event: Seen) => boolean): Promise<Told>;
  close(): void;
}

interface Waiting {
  readonly fits: (event: Seen) => boolean;
  readonly by: Set<number>;
  first: Seen | null;
  resolve(told: Told): void;
}

const AT_ONCE = 32;
/** What the API's Retry-After says. */
const RETRY_AFTER_MS = 1_000;
/** Long enough for any machine; a lost event fails the bench. */
const TOLD_MS = 30_000;

export async function openReaders(
  of: Readonly<{ port: number; token: string; count: number }>,
): Promise<EventReaders> {
  let waiting: Waiting | null = null;
  const streams: IncomingMessage[] = [];
  const saw = (reader: number, event: Seen): void => {
    if (waiting === null || !waiting.fits(event)) return;
    waiting.first ??= event;
    if (event.id !== waiting.first.id) return;
    waiting.by.add(reader);
    if (waiting.by.size < of.count) return;
    waiting.resolve({ recordedAt: waiting.first.at, lastAt: Date.now() });
    waiting = null;
  };
  await eachOf(
    Array.from({ length: of.count }, (_none, at) => at),
    AT_ONCE,
    async (reader) => void streams.push(await openWhenLet(of, (event) => saw(reader, event))),
  );
  return {
    expect: (fits) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`only ${waiting?.by.size ?? 0} of ${of.count} readers were told`)),
          TOLD_MS,
        );
        waiting = {
          fits,
          by: new Set(),
          first: null,
          resolve: (told) => {
            clearTimeout(timer);
            resolve(told);
          },
        };
      }),
    close: () => streams.forEach((stream) => stream.destroy()),
  };
}

/** One token opens 300 a second: who is refused comes again when told to. */
async function openWhenLet(
  of: Readonly<{ port: number; token: string }>,
  saw: (event: Seen) => void,
): Promise<IncomingMessage> {
  for (;;) {
    const stream = await open(of, saw).catch((error: unknown) => {
      if (error instanceof Error && error.message.endsWith(" 429")) return null;
      throw error;
    });
    if (stream !== null) return stream;
    await sleep(RETRY_AFTER_MS);
  }
}

function open(
  { port, token }: Readonly<{ port: number; token: string }>,
  onEvent: (event: Seen) => void,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      host: "127.0.0.1",
      port,
      path: "/api/v1/events",
      agent: false,
      headers: { authorization: `Bearer ${token}`, accept: "text/event-stream" },
    });
    outgoing.on("error", reject);
    outgoing.on("response", (stream) => {
      stream.on("error", () => undefined);
      if (stream.statusCode === 200) resolve(stream);
      else reject(new Error(`the stream answered ${stream.statusCode}`));
      let rest = "";
      stream.on("data", (chunk: Buffer) => {
        const lines = (rest + chunk.toString()).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines)
          if (line.startsWith("data: ")) onEvent(JSON.parse(line.slice("data: ".length)) as Seen);
      });
    });
    outgoing.end();
  });
}
