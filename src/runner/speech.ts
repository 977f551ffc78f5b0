/** How runs speak and ask: whose FIFO they have, which questions are open, and where answers go. */
import { mkdirSync } from "node:fs";
import type { JournalBody } from "../model/run.ts";
import { Asker } from "./asker.ts";
import type { AskerName } from "./asker.ts";
import { condemn } from "./condemn.ts";
import type { FifoMaker } from "./fifo.ts";
import type { Identity } from "../model/identity.ts";
import { ReplyFiles } from "./reply-files.ts";
import type { Saying } from "./saying.ts";
import { Voices } from "./voice.ts";
import type { Voice } from "./voice.ts";

/** Each open or unread question has a descriptor in the runner. */
const MAX_GATES = 64;

export interface SpeechRoom {
  readonly launcher: FifoMaker;
  readonly journal: Readonly<{ append(body: JournalBody): unknown; full(): boolean }>;
  /** Monotonic milliseconds. */
  readonly lived: () => number;
  /** What is said of tasks. */
  readonly heard: (saying: Saying, uid: number) => void;
}

/** INVARIANT: a run asks only through the voice of its own user, and from its beginning to its end. */
export class Speech {
  readonly #room: SpeechRoom;
  readonly #voices: Voices;
  readonly #files: ReplyFiles;
  readonly #askers = new Map<string, Asker>();

  constructor(folder: string, room: SpeechRoom) {
    this.#room = room;
    // Agents may enter and open what is theirs, but not list.
    mkdirSync(folder, { recursive: true, mode: 0o711 });
    this.#files = new ReplyFiles(folder, room.launcher);
    this.#voices = new Voices(folder, room.launcher, (saying, uid) => this.#hear(saying, uid));
  }

  /** The voice of this user, once it is there. */
  voiceOf(owner: Identity): Promise<Voice> {
    return this.#voices.of(owner);
  }

  /** A run may speak from now on; answers the variables it needs for it. Waits for nothing. */
  begin(name: AskerName, owner: Identity): Readonly<Record<string, string>> {
    const { journal, lived } = this.#room;
    const room = {
      files: this.#files,
      append: (body: JournalBody) => journal.append(body),
      blocker: () => this.#blocker(),
      lived,
    };
    this.#askers.set(name.run, new Asker(name, owner, room));
    // A failure is the next start's to try again, or `berth-agent`'s to tell of.
    this.#voices.of(owner).catch(() => undefined);
    return { BERTH_AGENT_FIFO: this.#voices.pathOf(owner) };
  }

  /** Nothing of the run is alive any more. */
  end(run: string): void {
    this.#askers.get(run)?.end();
    this.#askers.delete(run);
  }

  /** A person answered; runs and questions that are not there need no answer. */
  answer(run: string, question: string, text: string): void {
    this.#askers.get(run)?.answer(question, text);
  }

  #hear(saying: Saying, uid: number): void {
    this.#room.heard(saying, uid);
    if (!isOfQuestion(saying)) return;
    const asker = this.#askers.get(saying.run);
    if (asker === undefined || asker.owner.uid !== uid) return;
    asker.hear(saying).catch((thrown: unknown) => condemn(`question: ${String(thrown)}`));
  }

  #blocker(): string | null {
    const gates = [...this.#askers.values()].reduce((sum, asker) => sum + asker.gates, 0);
    if (gates >= MAX_GATES) return `${MAX_GATES} questions of this project are open`;
    return this.#room.journal.full() ? "the journal is full" : null;
  }
}

function isOfQuestion(
  saying: Saying,
): saying is Extract<Saying, { kind: "words" | "ask" | "withdraw" | "took" }> {
  return ["words", "ask", "withdraw", "took"].includes(saying.kind);
}
