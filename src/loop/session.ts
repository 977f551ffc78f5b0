/** A leader's session: what its passes share, from the moment it leads until it does not. */
import type { Slots } from "../base/slots.ts";
import type { ImageFacts } from "../docker/door.ts";
import type { Outbox } from "../record/outbox.ts";
import type { Inspections } from "../observe/inspections.ts";
import type { Relist } from "../observe/relist.ts";
import type { Metrics } from "../report/metrics.ts";
import type { Log } from "../report/log.ts";
import type { OpenDesk } from "./tasks/desk-state.ts";
import type { QuestionBoard } from "./questions.ts";
import type { IdleKeeper } from "./idle.ts";
import type { Modes } from "./modes.ts";
import type { Settings } from "./settings.ts";
import type { UsageKeeper } from "./usage.ts";
import type { Doors, World } from "./world.ts";

export interface Session {
  readonly settings: Settings;
  readonly doors: Doors;
  readonly world: World;
  /** Where the spool volume is seen from here. */
  readonly spoolRoot: string;
  readonly relist: Relist;
  readonly inspections: Inspections;
  /** Passes that need the same at once ask for it together. */
  imageFacts(image: string): Promise<ImageFacts | null>;
  hostRoutes(): Promise<readonly string[]>;
  readonly modes: Modes;
  readonly outbox: Outbox;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Bounds engine operations over all projects. */
  readonly slots: Slots;
  readonly signal: AbortSignal;
  readonly now: () => number;
  /** Uniform in [0, 1): jitter. */
  readonly chance: () => number;
  readonly newId: () => string;
  /** Usage history; null until upkeep has begun. */
  usage: UsageKeeper | null;
  /** Takes tasks in and hands them out; null until the session has read what waits. */
  desk: OpenDesk | null;
  /** What agents ask people; null until the session has read what is open. */
  questions: QuestionBoard | null;
  readonly idle: IdleKeeper;
  /** Asks for a pass of one project. */
  trigger(project: string, reason: string, delayMs?: number): void;
  /** Asks for a host pass: allocation over all projects, then the project passes it finds necessary. */
  triggerHost(reason: string, delayMs?: number): void;
  /** Our epoch is stale: the session ends. */
  fenced(why: string): void;
  /** Wakes everybody who follows events. */
  eventsWritten(): void;
}
