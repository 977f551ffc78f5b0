/** First starts as the runner takes them over: what the launcher has begun before this program was there. */
import { readFileSync, statSync, unlinkSync } from "node:fs";
import {
  BEGUN_FILE,
  decodeFirst,
  FIRST_FILE,
  GO_FILE,
  TOLD_FILE,
  type FirstPart,
  type FirstStart,
} from "../protocol/first-starts.ts";
import { AnswerReader } from "../protocol/launch-frame.ts";
import type { RunMeta } from "../protocol/spool.ts";
import type { Spool } from "./spool.ts";

/** A start that was asked for, with when: milliseconds since the epoch. */
export type Begun = FirstStart & Readonly<{ startedAt: number }>;

/** What a replica asks of them. */
export interface TakesFirst {
  /** Whether a process of this replica was begun and not taken yet. */
  has(agent: string, replica: number): boolean;
  take(agent: string, replica: number): Begun | null;
  /** The journal says what became of it. */
  told(run: string): void;
}

/**
 * INVARIANT: the files go only when the journal has said of every start that was begun what became of it; until then the
 * next boot finds them, and the launcher begins nothing else without a runner.
 */
export class FirstStarts implements TakesFirst {
  readonly #spool: Spool;
  readonly #part: FirstPart | null;
  readonly #begunAt: number;
  readonly #ours: boolean;
  readonly #untaken = new Map<string, Begun>();
  readonly #untold = new Set<string>();

  /** `ours`: they were begun in this boot, and their processes may be alive. */
  constructor(spool: Spool, ours: boolean) {
    this.#spool = spool;
    this.#ours = ours;
    // The launcher left it for an earlier boot's sake; it was meant for this one.
    if (!ours) this.#remove(FIRST_FILE);
    const file = readOrNull(spool.path(BEGUN_FILE));
    this.#part = file === null ? null : decodeFirst(file.bytes);
    this.#begunAt = file?.changedAt ?? 0;
    // Nobody can read it, so nobody can tell of it: it may not be in the way for ever.
    if (file !== null && this.#part === null) this.#clear();
  }

  /** The id of this boot, by which the daemon knows it already. */
  get boot(): string | null {
    return this.#ours ? (this.#part?.boot ?? null) : null;
  }

  /** Whoever obeys this configuration may take them: what belongs to another one is `leftOver`. */
  offer(configHash: string | null): void {
    if (!this.#ours || this.#part === null || this.#part.configHash !== configHash) return;
    for (const start of this.#part.starts) {
      this.#untaken.set(key(start.agent, start.replica), { ...start, startedAt: this.#begunAt });
      this.#untold.add(start.run);
    }
  }

  has(agent: string, replica: number): boolean {
    return this.#untaken.has(key(agent, replica));
  }

  take(agent: string, replica: number): Begun | null {
    const found = this.#untaken.get(key(agent, replica)) ?? null;
    this.#untaken.delete(key(agent, replica));
    return found;
  }

  told(run: string): void {
    if (this.#untold.delete(run) && this.#untold.size === 0) this.#clear();
  }

  /** Begun in this boot for another configuration: their processes must go. */
  leftOver(): readonly Begun[] {
    if (!this.#ours || this.#untold.size > 0) return [];
    return (this.#part?.starts ?? []).map((start) => ({ ...start, startedAt: this.#begunAt }));
  }

  /** Begun in an earlier boot, whose runner never came to tell of them. */
  lost(): readonly RunMeta[] {
    if (this.#ours || this.#part === null) return [];
    const { boot, generation, starts } = this.#part;
    const refused = this.#refused();
    return starts
      .filter(({ id }) => !refused.has(id))
      .map(({ run, agent, replica }) => {
        return { run, agent, replica, boot, generation, startedAt: this.#begunAt };
      });
  }

  /** What is left over and lost has been told of. */
  settle(): void {
    if (this.#part !== null && this.#untold.size === 0) this.#clear();
  }

  /** Of what the launcher told nothing, a process may have been there. */
  #refused(): ReadonlySet<number> {
    const told = readOrNull(this.#spool.path(TOLD_FILE));
    const answers = told === null ? [] : new AnswerReader().push(told.bytes);
    return new Set(answers.flatMap((each) => (each.kind === "refused" ? [each.id] : [])));
  }

  #clear(): void {
    for (const name of [TOLD_FILE, GO_FILE, BEGUN_FILE]) this.#remove(name);
  }

  #remove(name: string): void {
    try {
      unlinkSync(this.#spool.path(name));
    } catch {
      // Not there; what cannot be removed is told of again, which changes nothing.
    }
  }
}

function key(agent: string, replica: number): string {
  return `${agent}/${replica}`;
}

/** The launcher renames the file when it begins: its last change. */
function readOrNull(path: string): Readonly<{ bytes: Buffer; changedAt: number }> | null {
  try {
    return { bytes: readFileSync(path), changedAt: Math.trunc(statSync(path).ctimeMs) };
  } catch {
    return null;
  }
}
