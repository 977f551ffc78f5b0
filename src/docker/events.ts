/** The engine's event stream, kept open: translated events out, and a word each time it is lost or back. */
import { setTimeout as wait } from "node:timers/promises";
import type { Readable } from "node:stream";
import { delayMs, type Chance } from "../guard/retry.ts";
import type { EngineEvent } from "../model/observed.ts";
import { DEADLINE, readable, type Connection } from "./connection.ts";
import { readOwn } from "./labels.ts";
import { asObject, ndjson, type JsonObject } from "./ndjson.ts";

/** Drift must be seen within 2 s of the engine's return, so the longest pause stays below that. */
const BACKOFF = { firstMs: 50, maxMs: 1_500 };
/** A stream that lasted this long was a good one: the next pause is short again. */
const STEADY_MS = 5_000;
/** Nobody acts on the others, and hosts on which others work as well tell of volumes all day. */
const TYPES = ["container", "network", "image"] as const;
/** Nobody acts on these, and an image's health check or a terminal makes many of them. */
const NOISE = /^(?:exec_|top|attach|detach|resize|archive-path|extract-to-dir|copy)/;

export interface EventListener {
  onEvent(event: EngineEvent): void;
  onState(connected: boolean): void;
}

/** Opens the stream and keeps it open until closed. The engine's memory is short: relist on every `onState(true)`. */
export function followEvents(
  link: Connection,
  listener: EventListener,
  chance: Chance,
): Readonly<{ close(): void }> {
  const ended = new AbortController();
  void keepOpen({ link, listener, chance, signal: ended.signal });
  return { close: () => ended.abort() };
}

interface Following {
  readonly link: Connection;
  readonly listener: EventListener;
  readonly chance: Chance;
  readonly signal: AbortSignal;
}

async function keepOpen({ link, listener, chance, signal }: Following): Promise<void> {
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    let openedAt = performance.now();
    try {
      const stream = await open(link, signal);
      openedAt = performance.now();
      listener.onState(true);
      for await (const event of eventsIn(stream)) listener.onEvent(event);
    } catch {
      // Lost or refused: both mean the same to the listener, who hears it below; the door's calls say why.
    }
    if (signal.aborted) return;
    listener.onState(false);
    if (performance.now() - openedAt > STEADY_MS) attempt = 0;
    await wait(delayMs(BACKOFF, attempt, chance), undefined, { signal }).catch(() => undefined);
  }
}

/** The response's headers must come in time; after them silence is normal. */
async function open(link: Connection, ended: AbortSignal): Promise<Readable> {
  return link.call("open events", DEADLINE.quick, async (late) => {
    const filters = { type: [...TYPES] };
    const abortSignal = AbortSignal.any([late, ended]);
    return readable(await link.streams.getEvents({ filters, abortSignal }));
  });
}

async function* eventsIn(stream: Readable): AsyncGenerator<EngineEvent> {
  for await (const line of ndjson(stream)) {
    const event = translated(line);
    if (event !== null) yield event;
  }
}

/** One line of the stream as an event; null for what nobody acts on or what is not an event. */
export function translated(line: JsonObject): EngineEvent | null {
  const type = TYPES.find((each) => each === line["Type"]);
  const action = line["Action"];
  const actor = asObject(line["Actor"]);
  if (type === undefined || typeof action !== "string" || actor === null || NOISE.test(action))
    return null;
  const attributes = texts(asObject(actor["Attributes"]) ?? {});
  return {
    at: momentOf(line),
    type,
    action,
    id: typeof actor["ID"] === "string" ? actor["ID"] : "",
    name: attributes["name"] ?? null,
    own: readOwn(attributes),
    attributes,
  };
}

function momentOf(line: JsonObject): number {
  const { timeNano, time } = line;
  if (typeof timeNano === "number") return Math.floor(timeNano / 1e6);
  return typeof time === "number" ? time * 1000 : 0;
}

function texts(from: JsonObject): Record<string, string> {
  return Object.fromEntries(
    Object.entries(from).flatMap(([key, value]) =>
      typeof value === "string" ? [[key, value]] : [],
    ),
  );
}
