/** What outcomes change in memory: only what they are about, whatever else became known meanwhile. */
import { expect, test, vi } from "vitest";
import { absorb } from "../../../src/loop/absorb.ts";
import type { Session } from "../../../src/loop/session.ts";
import type { Outcome, Plan } from "../../../src/model/step.ts";
import { deskSession } from "../../support/desk-session.ts";
import { sampleSpec } from "../../support/project-samples.ts";

const TAKEN: Outcome = {
  step: 1,
  kind: "failed",
  code: "docker.subnet-taken",
  detail: "somebody uses it",
  errorKind: "rejected",
};

test("addresses that go back take no wish along that was made meanwhile, nor bring a removed project back", async () => {
  for (const wish of ["frozen", "gone"] as const) {
    const desk = deskSession({
      tasks: {} as never,
      runners: {} as never,
      epoch: 1,
      slots: 1,
      projects: [sampleSpec()],
      now: () => 0,
    });
    const row = desk.world.records.get("web");
    if (row === undefined) throw new Error("the sample has a record");
    desk.world.records.set("web", { ...row, subnet: "10.201.0.0/28" });
    const triggered: string[] = [];
    const session = {
      ...desk,
      trigger: (_project: string, reason: string) => void triggered.push(reason),
      doors: {
        ...desk.doors,
        postgres: {
          async releaseSubnet() {
            if (wish === "gone") desk.world.records.delete("web");
            else desk.world.records.set("web", { ...row, subnet: "10.201.0.0/28", wanted: wish });
          },
        },
      },
    };
    const plan = { project: "web", generation: 1, steps: [{ id: 1 }], waiting: [] };
    // Of the failed step nothing but its resource is looked at.
    absorb(plan as unknown as Plan, [TAKEN], session as unknown as Session);
    await vi.waitFor(() => expect(triggered).toContain("another subnet"));
    const now = desk.world.records.get("web");
    expect(now && [now.wanted, now.subnet]).toEqual(wish === "gone" ? undefined : ["frozen", null]);
  }
});
