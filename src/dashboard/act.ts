/** Acting: a question before what cannot be taken back, and a notice of what came of it. */
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { BerthError } from "../base/errors.ts";
import { plainText } from "./plain-text.ts";

export interface Notice {
  readonly id: number;
  readonly kind: "good" | "bad";
  readonly text: string;
  readonly hint: string | null;
}

export interface Question {
  readonly title: string;
  readonly body: ComponentChildren;
  /** The word on the button that goes ahead. */
  readonly go: string;
  readonly danger: boolean;
  /** Whether it may go ahead now; absent: always. */
  readonly allowed?: () => boolean;
  readonly answer: (yes: boolean) => void;
}

/** A good one goes by itself; a bad one stays until it is closed. */
const NOTICE_MS = 6_000;
const NOTICES_MAX = 5;

/** Rises with every write of this page: what lists what it changed reads again. */
export const writes = signal(0);
export const notices = signal<readonly Notice[]>([]);
export const question = signal<Question | null>(null);
let nextId = 1;

export function tell(kind: Notice["kind"], text: string, hint: string | null = null): void {
  const notice = { id: nextId, kind, text: plainText(text), hint };
  nextId += 1;
  notices.value = [...notices.value.slice(1 - NOTICES_MAX), notice];
  if (kind === "good") setTimeout(() => dismiss(notice.id), NOTICE_MS);
}

export function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}

/** Asks in a dialog; resolves to whether to go ahead. */
export function asked(of: Omit<Question, "answer">): Promise<boolean> {
  return new Promise((resolve) => {
    question.value = {
      ...of,
      answer(yes) {
        question.value = null;
        resolve(yes);
      },
    };
  });
}

/** Runs a write and tells how it ended: `done` when it was accepted, else the daemon's own words. */
export async function act(done: string, write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    writes.value += 1;
    tell("good", done);
    return true;
  } catch (thrown) {
    tellFault(thrown);
    return false;
  }
}

export function tellFault(thrown: unknown): void {
  const { text, hint } = faultText(thrown);
  tell("bad", text, hint);
}

export function faultText(thrown: unknown): Readonly<{ text: string; hint: string | null }> {
  if (thrown instanceof BerthError)
    return { text: `${thrown.message} (${thrown.code})`, hint: thrown.hint ?? null };
  return { text: thrown instanceof Error ? thrown.message : String(thrown), hint: null };
}
