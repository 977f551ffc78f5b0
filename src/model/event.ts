/** What happened, for people and programs: the rows behind `events`. */

export interface EventRecord {
  readonly id: number;
  readonly at: number;
  readonly project: string | null;
  /** `noun.verb`: `container.started`, `agent.exited`, `drift.found`, `project.paused`, `mode.entered`. */
  readonly kind: string;
  /** `daemon`, `external`, `operator`, `runner`. */
  readonly cause: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, string | number | boolean | null>>;
}
