/** How old a look at the engine may be for a pass, by why it is made. */
import { expect, test } from "vitest";
import { projectPass } from "../../../src/loop/pass.ts";
import type { Session } from "../../../src/loop/session.ts";
import type { Mark } from "../../../src/observe/relist.ts";
import { completing } from "../../support/completing.ts";
import { deskSession } from "../../support/desk-session.ts";
import { sampleSpec } from "../../support/project-samples.ts";

const NOW: Mark = 7;
const ACTED: Mark = 3;

/** The mark with which a pass asks for its look, which never comes. */
async function askedSince(reasons: readonly string[], acted: Mark | null): Promise<Mark> {
  const never = { tasks: {} as never, runners: {} as never };
  const desk = deskSession({
    ...never,
    epoch: 1,
    slots: 1,
    projects: [sampleSpec()],
    now: () => 0,
  });
  const record = desk.world.records.get("web");
  if (record !== undefined) desk.world.records.set("web", { ...record, wanted: "completed" });
  if (acted !== null) desk.world.acted.set("web", acted);
  const asked = Promise.withResolvers<Mark>();
  const relist: Partial<Session["relist"]> = {
    mark: () => NOW,
    since: (mark) => {
      asked.resolve(mark);
      return new Promise(() => undefined);
    },
  };
  void projectPass("web", reasons, { ...desk, relist: relist as Session["relist"] });
  return asked.promise;
}

test.each([
  ["what follows from a step of its own", ["verify"], ACTED],
  ["its runner's welcome and report", ["runner connected", "runner report"], ACTED],
  ["what somebody did to its container", ["container die"], NOW],
  ["both", ["verify", "container die"], NOW],
  ["a runner that is lost", ["runner lost"], NOW],
  ["a wish", ["intent"], NOW],
] as const)("for %s: %j", async (_, reasons, mark) => {
  expect(await askedSince(reasons, ACTED)).toBe(mark);
});

test("before its project's first step every pass wants a look of its own", async () => {
  expect(await askedSince(["runner connected"], null)).toBe(NOW);
});

/** A pass of a project that has nothing on the engine and is to be completed; each look begun meanwhile counts. */
async function actedPass(settleSteps: () => Promise<void>): Promise<Session> {
  let mark: Mark = NOW;
  const settlePhase = async (): Promise<boolean> => {
    // While it acts somebody else looks twice.
    mark += 2;
    return true;
  };
  const { session } = completing({ mark: () => mark, postgres: { settlePhase, settleSteps } });
  await projectPass("web", ["intent"], session);
  return session;
}

test("a pass that acted remembers when: what follows from it takes any look begun since", async () => {
  const { world } = await actedPass(async () => undefined);
  expect(world.records.get("web")?.phase).toBe("completed");
  expect(world.acted.get("web")).toBe(NOW + 2);
});

test("and so does one whose outcomes the database refused", async () => {
  const { world } = await actedPass(async () => {
    throw new Error("the connection is gone");
  });
  expect(world.records.get("web")?.phase).toBe("completed");
  expect(world.acted.get("web")).toBe(NOW + 2);
});
