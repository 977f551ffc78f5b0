/** Requests as the daemon makes them, for the Postgres tests. */
import { BerthError } from "../../../src/base/errors.ts";
import type { Declaration } from "../../../src/model/project.ts";
import type { JournalBody, JournalEvent } from "../../../src/model/run.ts";
import type { AcceptRequest, Asker, IntentRequest, StepRow } from "../../../src/postgres/door.ts";

export const LOCAL: Asker = { who: "local", claim: "ada", reason: null };

export function acceptOf(
  epoch: number,
  declaration: Declaration,
  changes: Partial<AcceptRequest> = {},
): AcceptRequest {
  return {
    epoch,
    source: "/etc/berth/berth.yaml",
    bundle: {
      entry: "berth.yaml",
      files: { "berth.yaml": "text" },
      base: "/etc/berth",
      overlays: [],
    },
    declaration,
    prune: false,
    expectedGeneration: null,
    by: LOCAL,
    rollbackOf: null,
    idempotencyKey: null,
    ...changes,
  };
}

export function intentOf(
  epoch: number,
  project: string,
  change: IntentRequest["change"],
): IntentRequest {
  return { epoch, project, change, by: LOCAL, idempotencyKey: null };
}

export function wantOf(
  epoch: number,
  project: string,
  wanted: Extract<IntentRequest["change"], { kind: "wanted" }>["wanted"],
): IntentRequest {
  return intentOf(epoch, project, { kind: "wanted", wanted, removeVolumes: false });
}

export function stepOf(step: number, changes: Partial<StepRow> = {}): StepRow {
  return {
    project: "web",
    pass: "pass-1",
    step,
    kind: "start-container",
    resource: "container:web",
    cause: "not running",
    external: false,
    generation: 1,
    ...changes,
  };
}

let moves = 0;

/** The move of a phase with its row in the journal, of a pass of its own. */
export function moveOf<M extends Readonly<{ project: string }>>(move: M): M & { step: StepRow } {
  const { project } = move;
  return {
    ...move,
    step: stepOf(1, { project, kind: "settle-phase", pass: `move-${(moves += 1)}` }),
  };
}

/** Journal events numbered from `first`, one second apart. */
export function journal(first: number, ...bodies: readonly JournalBody[]): readonly JournalEvent[] {
  return bodies.map((body, at) => ({
    seq: first + at,
    at: 1_000_000 + 1_000 * (first + at),
    boot: "boot-1",
    ...body,
  }));
}

export function started(run: string): JournalBody {
  return { kind: "started", run, agent: "worker", replica: 0, pid: 7, generation: 1 };
}

export function exited(
  run: string,
  changes: Partial<Extract<JournalBody, { kind: "exited" }>> = {},
): JournalBody {
  return {
    kind: "exited",
    run,
    agent: "worker",
    replica: 0,
    code: 0,
    signal: null,
    oom: false,
    cause: "self",
    survivors: 0,
    durationMs: 1_000,
    ...changes,
  };
}

/** `kind code` of what a call throws. */
export async function refusalOf(call: Promise<unknown>): Promise<string> {
  const thrown: unknown = await call.then(
    (value) => `answered ${JSON.stringify(value)}`,
    (error: unknown) => error,
  );
  return thrown instanceof BerthError ? `${thrown.kind} ${thrown.code}` : String(thrown);
}
