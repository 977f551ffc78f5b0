/** One run as an asker: its questions from the first word to the answer, the withdrawal or the run's end. */
import { withoutControls } from "../base/controls.ts";
import {
  MAX_CHOICES,
  MAX_CHOICES_BYTES,
  MAX_OPEN_QUESTIONS,
  MAX_QUESTION_BYTES,
} from "../model/question.ts";
import type { JournalBody } from "../model/run.ts";
import { CappedBytes } from "./capped-bytes.ts";
import type { Identity } from "../model/identity.ts";
import type { Reply, ReplyFiles } from "./reply-files.ts";
import type { QuestionSaying } from "./saying.ts";

/** A run that asks without end must not fill the journal, which would stop every start: so many at once, then one a minute. */
export const MAX_ASKED_AT_ONCE = 100;
const ONE_MORE_EVERY_MS = 60_000;

export interface AskerName {
  readonly run: string;
  readonly agent: string;
  readonly replica: number;
  readonly task: string | null;
}

export interface AskerRoom {
  readonly files: ReplyFiles;
  readonly append: (body: JournalBody) => unknown;
  /** Why nobody may ask now (journal full, too many open in the project), or null. */
  readonly blocker: () => string | null;
  /** Monotonic milliseconds. */
  readonly lived: () => number;
}

interface Kept {
  readonly reply: Reply;
  state: "open" | "answered" | "withdrawn" | "refused";
}

type Asking = Extract<QuestionSaying, { kind: "ask" }>;

/** INVARIANTS: a question is journalled before its asker sees a receipt, and answered at most once. */
export class Asker {
  readonly name: AskerName;
  readonly owner: Identity;
  readonly #room: AskerRoom;
  readonly #bornAt: number;
  /** Texts that are being said. */
  readonly #said = new Map<string, CappedBytes>();
  /** Being made ready; still wanted or already taken back. */
  readonly #opening = new Map<string, { wanted: boolean }>();
  readonly #kept = new Map<string, Kept>();
  #asked = 0;
  #ended = false;

  constructor(name: AskerName, owner: Identity, room: AskerRoom) {
    this.name = name;
    this.owner = owner;
    this.#room = room;
    this.#bornAt = room.lived();
  }

  /** Descriptors in use. */
  get gates(): number {
    return [...this.#kept.values()].filter(({ reply }) => reply.gateFd !== null).length;
  }

  async hear(saying: QuestionSaying): Promise<void> {
    const { call } = saying;
    if (saying.kind === "words") this.#gather(call, saying.bytes);
    else if (saying.kind === "ask") await this.#ask(saying);
    else if (saying.kind === "withdraw") this.#withdraw(call);
    else this.#forget(call);
  }

  /** Hands over the answer; what is not open needs none. Throws when there is no room for it. */
  answer(key: string, text: string): void {
    const kept = this.#kept.get(key);
    if (kept?.state !== "open") return;
    this.#room.files.answer(kept.reply, text);
    kept.state = "answered";
    this.#room.append({ kind: "answered", ...this.#body(key) });
    this.#keepFew();
  }

  /** Nothing of the run is alive any more; its open questions end with its terminal event. */
  end(): void {
    this.#ended = true;
    for (const key of this.#kept.keys()) this.#forget(key);
  }

  #gather(call: string, bytes: Buffer): void {
    if (!this.#said.has(call) && this.#said.size >= MAX_OPEN_QUESTIONS) return;
    const said = this.#said.get(call) ?? new CappedBytes(MAX_QUESTION_BYTES);
    this.#said.set(call, said);
    said.push(bytes);
  }

  async #ask(saying: Asking): Promise<void> {
    const { call: key } = saying;
    if (this.#kept.has(key) || this.#opening.has(key)) return;
    const said = this.#said.get(key) ?? new CappedBytes(MAX_QUESTION_BYTES);
    this.#said.delete(key);
    const text = withoutControls(said.bytes.toString("utf8"), "\n\t").trim();
    const choices = choicesOf(saying.choices);
    const refusal = this.#refusal(said.count, text, choices);
    if (refusal !== null) return this.#refuse(key, refusal);
    this.#asked += 1;
    const opening = { wanted: true };
    this.#opening.set(key, opening);
    try {
      const reply = await this.#room.files.open(key, this.owner);
      if (this.#ended || !opening.wanted) return this.#room.files.close(reply);
      const { task } = this.name;
      const body = { ...this.#body(key), text, choices, waits: saying.waits };
      this.#room.append({ kind: "asked", ...body, ...(task === null ? {} : { task }) });
      this.#kept.set(key, { reply, state: "open" });
      this.#room.files.show(reply);
    } catch (thrown) {
      this.#refuse(key, thrown instanceof Error ? thrown.message : String(thrown));
    } finally {
      this.#opening.delete(key);
    }
  }

  #refusal(bytes: number, text: string, choices: readonly string[]): string | null {
    const open = [...this.#kept.values()].filter(({ state }) => state === "open").length;
    const allowed =
      MAX_ASKED_AT_ONCE + Math.floor((this.#room.lived() - this.#bornAt) / ONE_MORE_EVERY_MS);
    if (bytes > MAX_QUESTION_BYTES) return `a question has at most ${MAX_QUESTION_BYTES} bytes`;
    if (text === "") return "there is nothing in the question";
    if (choices.length > MAX_CHOICES || Buffer.byteLength(choices.join("")) > MAX_CHOICES_BYTES)
      return `at most ${MAX_CHOICES} choices of ${MAX_CHOICES_BYTES} bytes together`;
    if (open + this.#opening.size >= MAX_OPEN_QUESTIONS)
      return `${MAX_OPEN_QUESTIONS} questions of this run are open`;
    if (this.#asked >= allowed) return "this run asks too often: one question a minute from now on";
    return this.#room.blocker();
  }

  #refuse(key: string, reason: string): void {
    try {
      this.#kept.set(key, {
        reply: this.#room.files.refuse(key, this.owner, reason),
        state: "refused",
      });
      this.#keepFew();
    } catch {
      // Not even that can be written; the asker gives up by itself.
    }
  }

  #withdraw(key: string): void {
    const opening = this.#opening.get(key);
    if (opening !== undefined) opening.wanted = false;
    const kept = this.#kept.get(key);
    if (kept?.state !== "open") return;
    const reason = "its asker no longer waits";
    this.#room.append({ kind: "withdrawn", ...this.#body(key), reason });
    kept.state = "withdrawn";
    this.#forget(key);
  }

  /** An open question is taken back only by `withdraw`, which is journalled first, or by the run's end. */
  #forget(key: string): void {
    const kept = this.#kept.get(key);
    if (kept === undefined || (kept.state === "open" && !this.#ended)) return;
    this.#kept.delete(key);
    this.#room.files.close(kept.reply);
  }

  /** Replies nobody came for: of those that are not open the newest stay. */
  #keepFew(): void {
    const over = [...this.#kept].filter(([, { state }]) => state !== "open");
    for (const [key] of over.slice(0, -MAX_OPEN_QUESTIONS)) this.#forget(key);
  }

  #body(question: string) {
    const { run, agent, replica } = this.name;
    return { run, agent, replica, question };
  }
}

function choicesOf(text: string): readonly string[] {
  const each = withoutControls(text, "\n\t")
    .split(",")
    .map((choice) => choice.trim());
  return [...new Set(each)].filter((choice) => choice !== "");
}
