/** What intents change in a project's row: workers have no replicas to set. */
import { expect, test } from "vitest";
import type { ProjectRow } from "../../../src/postgres/door.ts";
import { wishOf } from "../../../src/postgres/wish.ts";
import { WORKERS } from "../../support/fake-tasks.ts";

const ROW: ProjectRow = {
  name: "web",
  spec: WORKERS,
  generation: 1,
  source: "/srv/berth.yaml",
  declared: true,
  wanted: "active",
  phase: "active",
  phaseSince: 0,
  bornAt: 0,
  removeVolumes: false,
  restartSerials: {},
  replicas: {},
  stoppedAgents: [],
  subnet: null,
  journalSeq: 0,
};

test("a service is scaled, a worker is not", () => {
  const scale = (agent: string) => wishOf(ROW, { kind: "scale", agent, replicas: 2 });
  expect(scale("beat").replicas).toEqual({ beat: 2 });
  expect(() => scale("coder")).toThrow("web/coder is a worker: its processes follow its tasks");
});

test("a worker is stopped and started by hand like a service", () => {
  const stopped = wishOf(ROW, { kind: "stop-agent", agent: "coder" });
  expect(stopped.stoppedAgents).toEqual(["coder"]);
  const started = wishOf({ ...ROW, ...stopped }, { kind: "start-agent", agent: "coder" });
  expect(started.stoppedAgents).toEqual([]);
});
