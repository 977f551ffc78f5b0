/** A plan being written: numbers steps in the order they are added and fills in what most steps share. */
import type { FieldChange, Impact, Plan, StepAction, Step } from "../../model/step.ts";

export interface StepDetail {
  readonly resource: string;
  readonly cause: string;
  readonly after?: readonly number[];
  readonly impact?: Impact;
  readonly changes?: readonly FieldChange[];
  readonly interrupts?: readonly string[];
  readonly external?: boolean;
}

export interface Draft {
  /** Returns the id of the step, for the `after` of others. */
  add(action: StepAction, detail: StepDetail): number;
  wait(reason: string): void;
  isEmpty(): boolean;
  finish(): Plan;
}

/** Ids are given in the order of adding, so a step can only come after steps that were added before it. */
export function createDraft(
  project: string,
  generation: number,
  waiting: readonly string[],
): Draft {
  const steps: Step[] = [];
  const reasons = new Set(waiting);
  return {
    add(action, detail) {
      const id = steps.length + 1;
      const after = [...new Set(detail.after)].toSorted((a, b) => a - b);
      const shared = { impact: "none", changes: [], interrupts: [], external: false } as const;
      steps.push({ ...shared, ...detail, id, after, project, ...action });
      return id;
    },
    wait: (reason) => void reasons.add(reason),
    isEmpty: () => steps.length === 0,
    finish: () => ({ project, generation, steps, waiting: [...reasons] }),
  };
}
