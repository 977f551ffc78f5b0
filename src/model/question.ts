/** A question: what an agent asks a person, from its asking until it is answered or withdrawn. */

/** Of the text, in UTF-8: a paragraph or two; what is longer belongs in a file of the workspace. */
export const MAX_QUESTION_BYTES = 4_096;
/** Open at once by one run; nobody answers more, and each costs its runner a descriptor. */
export const MAX_OPEN_QUESTIONS = 8;
/** Of an answer, in UTF-8. */
export const MAX_ANSWER_BYTES = 65_536;
export const MAX_CHOICES = 16;
/** Of all choices of one question together, in UTF-8. */
export const MAX_CHOICES_BYTES = 1_024;

export const QUESTION_STATES = ["open", "answered", "withdrawn"] as const;
export type QuestionState = (typeof QUESTION_STATES)[number];

export interface QuestionRecord {
  readonly id: string;
  readonly project: string;
  readonly agent: string;
  readonly replica: number;
  readonly run: string;
  /** Null when a service asks. */
  readonly task: string | null;
  /** Under which the asking run knows it. */
  readonly key: string;
  readonly text: string;
  /** If any are given, the answer is one of them. */
  readonly choices: readonly string[];
  /** Its asker does nothing else until it is answered. */
  readonly waits: boolean;
  readonly state: QuestionState;
  /** Milliseconds since the epoch. */
  readonly askedAt: number;
  readonly answer: string | null;
  readonly answeredAt: number | null;
  readonly answeredBy: string | null;
  /** When its run got the answer; null until its runner has said so. */
  readonly deliveredAt: number | null;
  readonly withdrawnAt: number | null;
  readonly withdrawnReason: string | null;
}

/** What of a project's open questions is told wherever projects are listed. */
export interface NeedsYou {
  readonly count: number;
  /** Null when there is none; its text is cut. */
  readonly oldest: Readonly<{ id: string; agent: string; text: string; askedAt: number }> | null;
}

export const NOBODY_NEEDED: NeedsYou = { count: 0, oldest: null };

/** Longest text shown in a list. */
const SHOWN_CHARACTERS = 160;

/** The open questions of one project in short; the oldest is the one with the lowest id. */
export function needsYou(open: readonly QuestionRecord[]): NeedsYou {
  const oldest = open.toSorted((a, b) => Number(a.id) - Number(b.id))[0];
  if (oldest === undefined) return NOBODY_NEEDED;
  const { id, agent, text, askedAt } = oldest;
  return { count: open.length, oldest: { id, agent, text: inShort(text), askedAt } };
}

/** One line, cut where it is long. */
export function inShort(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  if (line.length <= SHOWN_CHARACTERS) return line;
  // Not in the middle of a character of two units.
  return `${line.slice(0, SHOWN_CHARACTERS - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

export interface AnswerFault {
  readonly code: string;
  readonly detail: string;
}

/** Why this text cannot be the answer to a question with these choices; null when it can. `bytes` is its size in UTF-8. */
export function answerFault(
  text: string,
  bytes: number,
  choices: readonly string[],
): AnswerFault | null {
  if (text === "" || text.includes("\0"))
    return { code: "question.answer-invalid", detail: "an answer is a text that is not empty" };
  if (bytes > MAX_ANSWER_BYTES)
    return {
      code: "question.answer-too-large",
      detail: `an answer has at most ${MAX_ANSWER_BYTES} bytes, this one has ${bytes}`,
    };
  if (choices.length > 0 && !choices.includes(text))
    return {
      code: "question.answer-not-offered",
      detail: `the answer must be one of: ${choices.join(", ")}`,
    };
  return null;
}
