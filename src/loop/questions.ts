/** The question board: what agents ask people now, and answers on their way to the runs that wait for them. */
import { causeChain } from "../base/errors.ts";
import type { QuestionRecord } from "../model/question.ts";
import type { JournalEvent } from "../model/run.ts";
import type { Session } from "./session.ts";

/** How soon an answer whose delivery was not confirmed is delivered again; the runner takes it once. */
const DELIVER_AGAIN_MS = 3_000;
/** Every so many of those, what is remembered is read anew, whatever was told: news may be lost. */
const TURNS_PER_LOOK = 10;
/** Remembered at most: 8 a run, of more runs than a host carries. */
const MAX_PENDING = 10_000;

export interface QuestionBoard {
  /** Of one project, or of all; oldest first. */
  open(project?: string): readonly QuestionRecord[];
  /** Somebody is asked, or has answered and the agent does not know yet: freezing the project now would be rude. */
  busy(project: string): boolean;
  /** These journal events are recorded. */
  ingested(project: string, events: readonly JournalEvent[]): void;
  /** What is remembered may be wrong: it is read anew soon. */
  doubt(): void;
  /** Runs of this project were ended without a word of their runner. */
  ended(project: string): void;
  connected(project: string): void;
  close(): void;
}

/** Opens the board of one leader session: everything recorded as open or not yet delivered is taken over. */
export async function openQuestionBoard(session: Session): Promise<QuestionBoard> {
  const board = new Board(session);
  await board.look().catch((error: unknown) => {
    board.close();
    throw error;
  });
  return board;
}

/** INVARIANT: levels, not edges: what is told here only says when to read the records again. */
class Board implements QuestionBoard {
  readonly #session: Session;
  readonly #timer: NodeJS.Timeout;
  #open: readonly QuestionRecord[] = [];
  #undelivered: readonly QuestionRecord[] = [];
  /** Answers the runner said to have, over this connection; its journal will say so too. */
  readonly #handed = new Set<string>();
  #looking: Promise<void> | null = null;
  #lookAgain = false;
  #doubted = false;
  #turns = 0;

  constructor(session: Session) {
    this.#session = session;
    this.#timer = setInterval(() => this.#turn(), DELIVER_AGAIN_MS);
    this.#timer.unref();
  }

  open(project?: string): readonly QuestionRecord[] {
    if (project === undefined) return this.#open;
    return this.#open.filter((question) => question.project === project);
  }

  busy(project: string): boolean {
    return [...this.#open, ...this.#undelivered].some((each) => each.project === project);
  }

  ingested(project: string, events: readonly JournalEvent[]): void {
    const asking = new Set(
      [...this.#open, ...this.#undelivered]
        .filter((each) => each.project === project)
        .map(({ run }) => run),
    );
    if (events.some((event) => isOfQuestion(event) || endsOneOf(event, asking))) this.doubt();
  }

  doubt(): void {
    this.#doubted = true;
    void this.#lookNow();
  }

  ended(project: string): void {
    if (this.busy(project)) this.doubt();
  }

  connected(project: string): void {
    for (const { id, project: of } of this.#undelivered)
      if (of === project) this.#handed.delete(id);
    this.#deliver();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Reads the records; throws when they cannot be read. */
  async look(): Promise<void> {
    this.#doubted = false;
    const pending = await this.#session.doors.postgres.questions.pending(MAX_PENDING);
    this.#open = pending.filter(({ state }) => state === "open");
    this.#undelivered = pending.filter(({ state }) => state === "answered");
    const due = new Set(this.#undelivered.map(({ id }) => id));
    for (const id of this.#handed) if (!due.has(id)) this.#handed.delete(id);
    this.#deliver();
  }

  /** One read at a time; asks that come meanwhile share the next one. */
  async #lookNow(): Promise<void> {
    if (this.#looking !== null) {
      this.#lookAgain = true;
      return;
    }
    this.#looking = this.look()
      .catch((error: unknown) => {
        this.#doubted = true;
        if (!this.#session.signal.aborted)
          this.#session.log.warn({ chain: causeChain(error) }, "questions not read");
      })
      .finally(() => {
        this.#looking = null;
      });
    await this.#looking;
    if (!this.#lookAgain) return;
    this.#lookAgain = false;
    await this.#lookNow();
  }

  #turn(): void {
    if (this.#session.signal.aborted || this.#session.modes.holds("postgres-gone")) return;
    this.#turns += 1;
    const due = this.#turns % TURNS_PER_LOOK === 0 && this.#open.length > 0;
    if (this.#doubted || due) void this.#lookNow();
    this.#deliver();
  }

  #deliver(): void {
    const { runners } = this.#session.doors;
    for (const question of this.#undelivered) {
      if (this.#handed.has(question.id) || !runners.connected(question.project)) continue;
      this.#handed.add(question.id);
      void this.#handOver(question);
    }
  }

  async #handOver({ id, project, run, key, answer }: QuestionRecord): Promise<void> {
    try {
      await this.#session.doors.runners.answer(project, { run, question: key, text: answer ?? "" });
    } catch (error) {
      this.#handed.delete(id);
      const told = { project, question: id, chain: causeChain(error) };
      this.#session.log.debug(told, "answer not delivered yet");
    }
  }
}

function isOfQuestion({ kind }: JournalEvent): boolean {
  return kind === "asked" || kind === "answered" || kind === "withdrawn";
}

function endsOneOf(event: JournalEvent, runs: ReadonlySet<string>): boolean {
  const { kind } = event;
  const terminal = kind === "exited" || kind === "lost" || kind === "start-failed";
  return terminal && runs.has(event.run);
}
