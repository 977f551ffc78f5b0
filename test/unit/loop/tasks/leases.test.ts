/** A lease that ran out: its slot stays taken until a new container makes certain that nothing works under it any more. */
import { expect, test } from "vitest";
import type { Desk } from "../../../../src/loop/tasks/desk-state.ts";
import { LEASE_MS } from "../../../../src/loop/tasks/desk-state.ts";
import { openDesk } from "../../../../src/loop/tasks/desk.ts";
import { keepLeases } from "../../../../src/loop/tasks/leases.ts";
import type { IntentRequest } from "../../../../src/postgres/door.ts";
import { agentSpec, projectSpec } from "../../../support/declarations.ts";
import { deskSession } from "../../../support/desk-session.ts";
import { readyReport } from "../../../support/runner-report.ts";
import { fakeTaskDoor } from "../../../support/fake-task-door.ts";
import { submitRow } from "../../../support/submit-row.ts";

const WEB = projectSpec("web", {
  agents: {
    coder: agentSpec("coder", {
      replicas: 0,
      task: { min: 0, max: 1, timeoutMs: 1_000, retries: { max: 0, backoffMs: 0 } },
    }),
  },
});
const ROW = submitRow(0, { payload: null, idempotencyKey: "k" });

/** A desk with one attempt that its runner has; what is wished goes to `wishes`, whether the runner is there is `there`. */
async function deskWithOne(wishes: IntentRequest[], there: { is: boolean }): Promise<Desk> {
  const { door } = fakeTaskDoor(() => "answered", Date.now);
  const session = deskSession({
    tasks: door,
    runners: {
      connected: () => there.is,
      report: () => readyReport("web"),
      runTask: async () => undefined,
      cancelRun: async () => undefined,
    },
    epoch: 1,
    slots: 1,
    projects: [WEB],
    now: Date.now,
    intend: (request) => {
      wishes.push(request);
    },
  });
  const desk = await openDesk(session);
  session.desk = desk;
  await desk.submit(ROW, { who: "local", claim: null, reason: null });
  await expect.poll(() => desk.runs.size).toBe(1);
  desk.close();
  return desk;
}

test("while its runner is heard nothing happens; unheard for a whole lease, its project is to get a new container", async () => {
  const wishes: IntentRequest[] = [];
  const there = { is: true };
  const desk = await deskWithOne(wishes, there);
  await keepLeases(desk, 0);
  await keepLeases(desk, LEASE_MS);
  there.is = false;
  await keepLeases(desk, 2 * LEASE_MS);
  await keepLeases(desk, 3 * LEASE_MS - 1);
  expect(wishes).toEqual([]);
  await keepLeases(desk, 3 * LEASE_MS);
  expect(wishes).toMatchObject([
    { project: "web", change: { kind: "restart", agent: null }, by: { who: "daemon" } },
  ]);
  // Until its end is recorded the slot is nobody's.
  expect([desk.runs.size, desk.pool.running]).toEqual([1, 1]);
});

test("a runner that is back in time keeps its lease, and a frozen one cannot lose it", async () => {
  const wishes: IntentRequest[] = [];
  const there = { is: true };
  const desk = await deskWithOne(wishes, there);
  there.is = false;
  await keepLeases(desk, 0);
  there.is = true;
  await keepLeases(desk, LEASE_MS - 1);
  there.is = false;
  await keepLeases(desk, LEASE_MS);
  const { records } = desk.session.world;
  const row = records.get("web");
  if (row !== undefined) records.set("web", { ...row, wanted: "frozen" });
  await keepLeases(desk, 5 * LEASE_MS);
  await keepLeases(desk, 9 * LEASE_MS);
  expect(wishes).toEqual([]);
});
