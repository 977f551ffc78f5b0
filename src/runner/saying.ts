/** The lines that `berth-agent` writes for a task: which there are, and how a byte stream is cut into them. */

export type Saying =
  | Readonly<{ kind: "progress"; run: string; fraction: number; text: string }>
  | Readonly<{ kind: "note"; run: string; text: string }>
  /** A part of a result, base64; parts of one call belong together. */
  | Readonly<{ kind: "part"; run: string; call: string; bytes: Buffer }>
  | Readonly<{ kind: "result"; run: string; call: string }>;

/** Writes up to this size are atomic on a FIFO (PIPE_BUF): lines of several tasks never mix. */
export const MAX_LINE_BYTES = 4_096;
const NEWLINE = 10;
const LINE = /^(progress|note|part|result) ([A-Za-z0-9_-]{1,64})(?: (.*))?$/s;

/** One line's meaning; null when it has none. */
export function parseSaying(line: string): Saying | null {
  const [, kind = "", run = "", rest = ""] = LINE.exec(line) ?? [];
  const [word = "", ...others] = rest.split(" ");
  const text = shown(others.join(" "));
  if (kind === "note") return { kind, run, text: shown(rest) };
  if (kind === "result") return { kind, run, call: word };
  if (kind === "part") return { kind, run, call: word, bytes: Buffer.from(text, "base64") };
  const fraction = Number(word);
  if (kind !== "progress" || word === "" || !(fraction >= 0 && fraction <= 1)) return null;
  return { kind, run, fraction, text };
}

/** Control characters say nothing, and databases refuse some of them. */
function shown(text: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  return text.replaceAll(/[\u0000-\u001f\u007f]+/g, " ").trim();
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
