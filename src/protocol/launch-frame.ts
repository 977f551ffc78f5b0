/** The launcher's line in bytes: little-endian words and NUL-ended strings; images/runner/launcher says the same in C. */
import { groupsOf, variablesOf } from "./entry.ts";
import type { AgentCommand } from "./entry.ts";

const START = 1;
const FIFOS = 2;
const TAKE = 3;
const WORD = 4;
/** Kind, id and two values. */
const ANSWER_BYTES = 4 * WORD;
/** The launcher dies of longer ones; the kernel takes no more for argv and environment anyway. */
export const MAX_REQUEST_BYTES = 2_097_152;
/** Its table of strings, with the two ends of argv and environment. */
const MAX_WORDS = 16_000;

/** What a command may write to, in the launcher's order; `result` becomes descriptor 3. */
export const STREAMS = ["stdout", "stderr", "result"] as const;
export type StreamName = (typeof STREAMS)[number];

export interface Streams {
  /** Path of what is read; absent: nothing. */
  readonly in?: string;
  /** Those that are heard; the others lead nowhere, and `result` is not there at all. */
  readonly heard: readonly StreamName[];
}

/** Of a service: its output, and nothing to read. */
export const SERVICE_STREAMS: Streams = { heard: ["stdout", "stderr"] };

/** `opened`: the launcher closes its end. `refused`: it makes the pipe ours for a moment, and tells of it again. */
export type Taking = "opened" | "refused";

export type Answer =
  | Readonly<{ kind: "made"; id: number; errno: number }>
  | Readonly<{ kind: "runs"; id: number; pid: number }>
  | Readonly<{ kind: "refused"; id: number; errno: number; stage: number }>
  /** `alone`: it is certain that nothing of the command's tree is alive. */
  | Readonly<{ kind: "ended"; id: number; status: number; alone: boolean }>
  /** There is something to read, or may be: in what `path` opens. */
  | Readonly<{ kind: "spoke"; id: number; stream: StreamName; path: string }>;

/** A request to start a command; null when it is larger than the launcher, or any kernel, takes. */
export function encodeStart(id: number, command: AgentCommand, streams: Streams): Buffer | null {
  const { uid, gid, argv, cwd } = command;
  const [groups, variables] = [groupsOf(command), variablesOf(command)];
  const { in: input = "", heard } = streams;
  const pipes = heard.reduce((bits, stream) => bits | (1 << STREAMS.indexOf(stream)), 0);
  const numbers = [uid, gid, pipes, argv.length, variables.length, groups.length, ...groups];
  return encode([START, id, ...numbers], [cwd, input, ...argv, ...variables]);
}

/** What became of a stream that was told of. */
export function encodeTake(id: number, stream: StreamName, how: Taking): Buffer {
  const numbers = [4 * WORD, TAKE, id, STREAMS.indexOf(stream), how === "opened" ? 0 : 1];
  const frame = Buffer.alloc(numbers.length * WORD);
  numbers.forEach((number, at) => frame.writeUInt32LE(number, at * WORD));
  return frame;
}

/** A request to make FIFOs for root alone; null when there are too many. */
export function encodeFifos(id: number, paths: readonly string[]): Buffer | null {
  return encode([FIFOS, id, paths.length], paths);
}

function encode(numbers: readonly number[], strings: readonly string[]): Buffer | null {
  const text = `${strings.join("\0")}\0`;
  const textAt = (numbers.length + 1) * WORD;
  const bytes = textAt + Buffer.byteLength(text);
  // A NUL inside a string would shift all that follow.
  const exact = text.split("\0").length === strings.length + 1;
  if (!exact || bytes - WORD > MAX_REQUEST_BYTES || strings.length > MAX_WORDS) return null;
  const frame = Buffer.allocUnsafe(bytes);
  [bytes - WORD, ...numbers].forEach((number, at) => frame.writeUInt32LE(number, at * WORD));
  frame.write(text, textAt);
  return frame;
}

/** Takes whole answers off the line, whatever pieces they come in. */
export class AnswerReader {
  #rest: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): readonly Answer[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const whole = bytes.length - (bytes.length % ANSWER_BYTES);
    this.#rest = Buffer.from(bytes.subarray(whole));
    const answers: Answer[] = [];
    for (let at = 0; at < whole; at += ANSWER_BYTES) {
      const answer = decode(bytes, at);
      if (answer !== null) answers.push(answer);
    }
    return answers;
  }
}

function decode(bytes: Buffer, at: number): Answer | null {
  const id = bytes.readUInt32LE(at + WORD);
  const first = bytes.readUInt32LE(at + 2 * WORD);
  const second = bytes.readUInt32LE(at + 3 * WORD);
  switch (bytes.readUInt32LE(at)) {
    case 1:
      return { kind: "made", id, errno: first };
    case 2:
      return { kind: "runs", id, pid: first };
    case 3:
      return { kind: "refused", id, errno: first, stage: second };
    case 4:
      return { kind: "ended", id, status: second, alone: first === 1 };
    case 5:
      return spoke(id, first, second);
    default:
      return null;
  }
}

/** `place` is the stream's number, and above its two bits the launcher's descriptor. */
function spoke(id: number, launcher: number, place: number): Answer | null {
  const stream = STREAMS[place & 3];
  return stream === undefined
    ? null
    : { kind: "spoke", id, stream, path: `/proc/${launcher}/fd/${place >>> 2}` };
}
