/** A leader whose one project is to be completed and has nothing on the engine: its pass acts on Postgres alone. */
import { createSlots } from "../../src/base/slots.ts";
import type { Session } from "../../src/loop/session.ts";
import type { Mark } from "../../src/observe/relist.ts";
import type { ProjectRow } from "../../src/postgres/door.ts";
import { deskSession } from "./desk-session.ts";
import { sampleSpec } from "./project-samples.ts";

const NOTHING = { at: 0, containers: [], networks: [], volumes: [], images: [] };

export interface Completing {
  readonly mark: () => Mark;
  /** The calls of Postgres besides the one that opens steps. */
  readonly postgres: Readonly<Record<string, (...given: never[]) => unknown>>;
  /** More of the session. */
  readonly more?: object;
}

export function completing({ mark, postgres, more }: Completing): {
  readonly session: Session;
  readonly remembered: ProjectRow;
} {
  const desk = deskSession({
    tasks: {} as never,
    runners: { connected: () => false, report: () => null } as never,
    epoch: 1,
    slots: 1,
    projects: [sampleSpec()],
    now: () => 0,
  });
  const row = desk.world.records.get("web");
  if (row === undefined) throw new Error("the sample has a record");
  const remembered: ProjectRow = {
    ...row,
    wanted: "completed",
    phase: "completing",
    subnet: null,
  };
  desk.world.records.set("web", remembered);
  const openSteps = async (_epoch: number, rows: readonly unknown[]) => rows.map((_, at) => at);
  const session = {
    ...desk,
    relist: { mark, since: async () => NOTHING, latest: () => NOTHING },
    metrics: new Proxy({}, { get: () => () => undefined }),
    newId: () => "pass",
    slots: createSlots(1),
    ...more,
    doors: { ...desk.doors, postgres: { openSteps, ...postgres } },
  };
  // Such a pass asks no more of a session.
  return { session: session as unknown as Session, remembered };
}
