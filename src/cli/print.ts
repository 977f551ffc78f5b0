/** Writes data to stdout and messages to stderr, at the speed of the reader; a reader that left ends the program quietly. */
import type { Io, Out } from "./io.ts";

export class Printer {
  readonly #io: Io;
  readonly #json: boolean;
  readonly #quiet: boolean;
  readonly #gone: AbortController;

  /** `gone` is aborted when stdout has no reader any more. Under `json`, messages are JSON lines too. */
  constructor(io: Io, options: Readonly<{ json: boolean; quiet: boolean; gone: AbortController }>) {
    this.#io = io;
    this.#json = options.json;
    this.#quiet = options.quiet;
    this.#gone = options.gone;
    for (const out of [io.stdout, io.stderr])
      out.on("error", () => this.#gone.abort(new ReaderGone()));
  }

  /** What was asked for; resolves when the stream took it. */
  async answer(text: string): Promise<void> {
    await this.#write(this.#io.stdout, text);
  }

  async answerLine(line: string): Promise<void> {
    await this.answer(`${line}\n`);
  }

  /** A message for people, not part of the answer. */
  async note(text: string): Promise<void> {
    if (this.#quiet) return;
    await this.#write(
      this.#io.stderr,
      this.#json ? `${JSON.stringify({ message: text })}\n` : `${text}\n`,
    );
  }

  /** Text for stderr as it is: errors, progress, questions. */
  async raw(text: string): Promise<void> {
    await this.#write(this.#io.stderr, text);
  }

  #write(out: Out, text: string): Promise<void> {
    if (this.#gone.signal.aborted || text === "") return Promise.resolve();
    return new Promise((resolve) => {
      // an error is told by the stream's own event, see the constructor
      out.write(text, () => resolve());
    });
  }
}

/** The reader of stdout left (`berth logs | head -1`): not an error. */
export class ReaderGone extends Error {
  constructor() {
    super("nobody reads the output any more");
    this.name = "ReaderGone";
  }
}
