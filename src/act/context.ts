/** What a step may use: the doors, who we are, and what earlier steps of the same plan made. */
import type { Slots } from "../base/slots.ts";
import type { Step, StepKind, StepOf } from "../model/step.ts";
import type { EngineDoor, Ownership } from "../docker/door.ts";
import type { PostgresDoor, StepRow } from "../postgres/door.ts";
import type { RunnersDoor } from "../runners/door.ts";

export interface ActDoors {
  readonly engine: EngineDoor;
  readonly runners: RunnersDoor;
  readonly postgres: PostgresDoor;
  readonly own: Ownership;
  /** Bounds engine operations over all projects (8: more is slower, see GROUND). */
  readonly slots: Slots;
  /** Values of a project's secrets by name; a missing one is left out. */
  readonly secretsOf: (
    project: string,
    names: readonly string[],
  ) => Promise<Readonly<Record<string, string>>>;
  /** Throws conflict when our epoch is no longer the current one; called before every mutation of the engine. */
  confirmEpoch(): Promise<void>;
  /** What the journal says of a step that its own write records. */
  readonly rowOf: (step: Step) => StepRow;
}

export interface ActContext extends ActDoors {
  /** Engine ids made by earlier steps of this plan. */
  readonly made: { containerId: string | null; networkId: string | null };
  /** The plan's place in line for slots. */
  readonly line: number;
  readonly signal: AbortSignal;
}

/** One outside call. Returns a note for people or null. */
export type ActStep<K extends StepKind> = (
  step: StepOf<K>,
  context: ActContext,
) => Promise<string | null>;
