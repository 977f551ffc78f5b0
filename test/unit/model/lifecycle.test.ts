/** The lifecycle: one table, in which every wish has a way and every phase can be left by remove. */
import { expect, test } from "vitest";
import {
  mayMove,
  phaseOnChange,
  phaseOnIntent,
  PHASES,
  settledPhase,
  TRANSITIONS,
  type Phase,
  type Wanted,
} from "../../../src/model/lifecycle.ts";

const WANTED: readonly Wanted[] = [
  "active",
  "frozen",
  "stopped",
  "inactive",
  "completed",
  "removed",
];

test("every phase but the end can be left by remove, and removing leads only to removed", () => {
  const stuck = PHASES.filter((phase) => !mayMove(phase, "removing"));
  expect(stuck).toEqual(["removed"]);
  expect(TRANSITIONS.removing).toEqual(["removed"]);
  expect(TRANSITIONS.removed).toEqual([]);
});

test("staying is always legal", () => {
  for (const phase of PHASES) expect(mayMove(phase, phase)).toBe(true);
});

test("every phase can be reached from a new project", () => {
  const reached = new Set<Phase>(["inactive"]);
  for (const phase of reached) for (const next of TRANSITIONS[phase]) reached.add(next);
  expect([...reached].toSorted()).toEqual([...PHASES].toSorted());
});

test("transitional phases settle where their wish settles", () => {
  const on: Readonly<Record<Wanted, readonly Phase[]>> = {
    active: ["activating", "resuming"],
    frozen: ["pausing"],
    stopped: ["pausing"],
    inactive: ["deactivating"],
    completed: ["completing"],
    removed: ["removing"],
  };
  for (const wanted of WANTED)
    for (const phase of on[wanted]) expect(mayMove(phase, settledPhase(wanted))).toBe(true);
});

test("an intent begins the phase that leads to it, and none where nothing is to change", () => {
  expect(phaseOnIntent("inactive", "active")).toBe("activating");
  expect(phaseOnIntent("paused", "active")).toBe("resuming");
  expect(phaseOnIntent("active", "active")).toBeNull();
  expect(phaseOnIntent("active", "frozen")).toBe("pausing");
  expect(phaseOnIntent("completed", "active")).toBe("activating");
  expect(phaseOnIntent("completed", "completed")).toBeNull();
  expect(phaseOnIntent("active", "removed")).toBe("removing");
});

test("a paused project may go from frozen to stopped: the wish differs though the phase is the same", () => {
  expect(phaseOnIntent("paused", "stopped")).toBe("pausing");
});

test("what the table refuses are just the verbs that mean nothing there", () => {
  const refused = PHASES.filter((phase) => phase !== "removed" && phase !== "removing").flatMap(
    (phase) =>
      WANTED.filter((wanted) => {
        const way = phaseOnIntent(phase, wanted);
        return way !== null && !mayMove(phase, way);
      }).map((wanted) => `${phase} ${wanted}`),
  );
  expect(refused).toMatchInlineSnapshot(`
    [
      "inactive frozen",
      "inactive stopped",
      "completing frozen",
      "completing stopped",
      "completed frozen",
      "completed stopped",
      "deactivating frozen",
      "deactivating stopped",
    ]
  `);
});

test("only an active project that is asked for something else is on its way again", () => {
  expect(phaseOnChange("active", "active")).toBe("activating");
  for (const phase of PHASES.filter((each) => each !== "active"))
    expect(phaseOnChange(phase, "active")).toBe(phase);
  expect(phaseOnChange("paused", "frozen")).toBe("paused");
});
