/** Requests under an idempotency key: carried out once, and repeats get the answer the first one got. */
import { keyReused } from "../base/key-reused.ts";
import type { KeptAnswer } from "../postgres/answer-door.ts";

export interface OnceRequest {
  /** Of one caller: no other one's request has it. */
  readonly key: string;
  /** Hash of what makes two requests the same. */
  readonly request: string;
  /** `daemon`: in its memory, for what ends with it as well; the last `REMEMBERED` of them. */
  readonly keep: "records" | "daemon";
}

/** What was answered, and what a repeat is told: the same but for secrets, which are told once. */
export interface Answered {
  readonly answer: unknown;
  readonly again: unknown;
}

/** Part of `Daemon`. */
export interface OnceDaemon {
  /** Does `work` unless it was done under this key; another request under the key is conflict `postgres.idempotency-reused`. What fails may be tried again. */
  once(asked: OnceRequest, work: () => Promise<Answered>): Promise<unknown>;
}

/** Where answers are kept, by key. */
export interface AnswerStore {
  read(key: string): Promise<KeptAnswer | null>;
  keep(key: string, kept: KeptAnswer): Promise<void>;
}

const REMEMBERED = 1_000;

/**
 * INVARIANTS
 * - Under one key at most one `work` is under way here; who repeats it meanwhile waits for it. Of two daemons the epoch lets one write.
 * - An answer is kept before it is given. A daemon killed between doing and keeping leaves the single writes' own keys, by which
 *   doing it again changes nothing twice.
 */
export function openOnce(records: AnswerStore): OnceDaemon {
  const underWay = new Map<string, Readonly<{ request: string; told: Promise<unknown> }>>();
  const memory = memoryStore();
  return {
    async once({ key, request, keep }, work) {
      const before = underWay.get(key);
      if (before !== undefined) {
        if (before.request !== request) throw keyReused(key);
        return before.told;
      }
      const run = answered(keep === "records" ? records : memory, { key, request }, work);
      const told = run.then(({ again }) => again);
      // whoever repeats hears of a fault; nobody need
      told.catch(() => undefined);
      underWay.set(key, { request, told });
      try {
        return (await run).answer;
      } finally {
        underWay.delete(key);
      }
    },
  };
}

async function answered(
  store: AnswerStore,
  { key, request }: Readonly<{ key: string; request: string }>,
  work: () => Promise<Answered>,
): Promise<Answered> {
  const kept = await store.read(key);
  if (kept !== null) {
    if (kept.request !== request) throw keyReused(key);
    const again: unknown = JSON.parse(kept.text);
    return { answer: again, again };
  }
  const made = await work();
  await store.keep(key, { request, text: JSON.stringify(made.again) });
  return made;
}

function memoryStore(): AnswerStore {
  const answers = new Map<string, KeptAnswer>();
  return {
    read: async (key) => answers.get(key) ?? null,
    async keep(key, kept) {
      answers.set(key, kept);
      const [oldest] = answers.keys();
      if (answers.size > REMEMBERED && oldest !== undefined) answers.delete(oldest);
    },
  };
}
