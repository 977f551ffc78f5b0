/** What the rest of the program may ask of Postgres about answers kept for repeats: `PostgresDoor.answers`. */

export interface KeptAnswer {
  /** Hash of the request it answers. */
  readonly request: string;
  /** As it was given, to the letter. */
  readonly text: string;
}

/** Answers are kept for 7 days. */
export interface AnswerDoor {
  /** Null: nothing is kept under this key. */
  read(key: string): Promise<KeptAnswer | null>;
  /** What is kept under the key already stays. */
  keep(kept: KeptAnswer & Readonly<{ epoch: number; key: string }>): Promise<void>;
}
