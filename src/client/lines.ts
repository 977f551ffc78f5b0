/** Cuts a byte stream into lines, server-sent events or one whole text, each within a bound. */
import { BerthError } from "../base/errors.ts";

/** Longest line of a stream; the daemon's frames are at most 1 MiB. */
const LINE_MAX = 4_194_304;
/** Largest answer read whole: a generation with its 16 MiB bundle, escaped. */
const ANSWER_MAX = 67_108_864;

/** Lines without their ends; empty ones, which are heartbeats, are left out. */
export async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  for await (const line of allLines(body)) if (line !== "") yield line;
}

export interface ServerEvent {
  readonly type: string;
  readonly text: string;
}

/** Server-sent events that carry something; comments and `retry` are left out. */
export async function* serverEventsOf(
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<ServerEvent> {
  let type = "message";
  let text: string[] = [];
  for await (const line of allLines(body)) {
    if (line.startsWith("event: ")) type = line.slice("event: ".length);
    if (line.startsWith("data: ")) text.push(line.slice("data: ".length));
    if (line !== "") continue;
    if (text.length > 0) yield { type, text: text.join("\n") };
    type = "message";
    text = [];
  }
}

/** The whole body as text. */
export async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > ANSWER_MAX) throw tooLong("answer", ANSWER_MAX);
  }
  return text + decoder.decode();
}

async function* allLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > LINE_MAX) throw tooLong("line", LINE_MAX);
    yield* lines;
  }
  if (rest !== "") yield rest;
}

function tooLong(what: string, limit: number): BerthError {
  return new BerthError("defect", {
    code: "client.answer-too-long",
    detail: `the daemon sent a ${what} of more than ${limit} characters`,
  });
}
