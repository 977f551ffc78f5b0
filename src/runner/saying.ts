/** The lines that `berth-agent` writes for a task: which there are, and how a byte stream is cut into them. */
import { withoutControls } from "../base/controls.ts";

export type Saying =
  | Readonly<{ kind: "progress"; run: string; fraction: number; text: string }>
  | Readonly<{ kind: "note"; run: string; text: string }>
  /** A part of a result, base64; parts of one call belong together. */
  | Readonly<{ kind: "part"; run: string; call: string; bytes: Buffer }>
  | Readonly<{ kind: "result"; run: string; call: string }>
  | QuestionSaying;

/** What is said of a question; its `call` names it and files of it. */
export type QuestionSaying =
  /** A part of its text, in order. */
  | Readonly<{ kind: "words"; run: string; call: string; bytes: Buffer }>
  /** The text is complete: ask it. Choices are separated by commas. */
  | Readonly<{ kind: "ask"; run: string; call: string; waits: boolean; choices: string }>
  /** Nobody waits for the answer any more. */
  | Readonly<{ kind: "withdraw"; run: string; call: string }>
  /** The reply has been read. */
  | Readonly<{ kind: "took"; run: string; call: string }>;

/** Writes up to this size are atomic on a FIFO (PIPE_BUF): lines of several tasks never mix. */
export const MAX_LINE_BYTES = 4_096;
const NEWLINE = 10;
/** 128 random bits: no other run can guess it, and it is a file name. */
const QUESTION = /^[0-9a-f]{32}$/;
const LINE =
  /^(progress|note|part|result|words|ask|withdraw|took) ([A-Za-z0-9_-]{1,64})(?: (.*))?$/s;

/** One line's meaning; null when it has none. */
export function parseSaying(line: string): Saying | null {
  const [, kind = "", run = "", rest = ""] = LINE.exec(line) ?? [];
  const [word = "", ...others] = rest.split(" ");
  const text = withoutControls(others.join(" ")).trim();
  if (kind === "note") return { kind, run, text: withoutControls(rest).trim() };
  if (kind === "result") return { kind, run, call: word };
  if (kind === "part") return { kind, run, call: word, bytes: Buffer.from(text, "base64") };
  if (kind === "words" || kind === "ask" || kind === "withdraw" || kind === "took")
    return QUESTION.test(word) ? questionSaying(kind, { run, call: word }, others) : null;
  const fraction = Number(word);
  if (kind !== "progress" || word === "" || !(fraction >= 0 && fraction <= 1)) return null;
  return { kind, run, fraction, text };
}

function questionSaying(
  kind: QuestionSaying["kind"],
  name: Readonly<{ run: string; call: string }>,
  [first = "", second = ""]: readonly string[],
): QuestionSaying {
  if (kind === "words") return { kind, ...name, bytes: Buffer.from(first, "base64") };
  if (kind !== "ask") return { kind, ...name };
  const choices = Buffer.from(second, "base64").toString("utf8");
  return { kind, ...name, waits: first === "wait", choices };
}

/** Cuts bytes into lines; one that is too long is dropped whole. */
export class SayingReader {
  #held = Buffer.alloc(0);
  #skipping = false;

  push(chunk: Uint8Array): readonly Saying[] {
    const found: Saying[] = [];
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      const line = Buffer.concat([this.#held, chunk.subarray(from, end)]);
      const tooLong = this.#skipping || line.length > MAX_LINE_BYTES;
      const saying = tooLong ? null : parseSaying(line.toString("utf8"));
      if (saying !== null) found.push(saying);
      this.#held = Buffer.alloc(0);
      this.#skipping = false;
      from = end + 1;
    }
    const rest = chunk.subarray(from);
    if (this.#skipping || this.#held.length + rest.length > MAX_LINE_BYTES) {
      this.#held = Buffer.alloc(0);
      this.#skipping = true;
    } else this.#held = Buffer.concat([this.#held, rest]);
    return found;
  }
}
