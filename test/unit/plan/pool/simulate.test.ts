/** The simulator: a trace through the daemon's own allocator, and what it reports. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { BerthError } from "../../../../src/base/errors.ts";
import { jain } from "../../../../src/plan/pool/fairness.ts";
import {
  simulationRows,
  simulationSummary,
  SIMULATION_COLUMNS,
} from "../../../../src/plan/pool/simulate-render.ts";
import { simulate } from "../../../../src/plan/pool/simulate.ts";
import type { SimulationReport } from "../../../../src/plan/pool/simulation-tally.ts";
import { STRATEGIES } from "../../../../src/plan/pool/strategies.ts";
import type { StrategyName } from "../../../../src/model/project.ts";
import { parseTrace } from "../../../../src/plan/pool/trace.ts";
import { FIELDS } from "../../../../src/plan/pool/trace-fields.ts";

function fixture(name: string): string {
  return readFileSync(new URL(`../../../fixtures/traces/${name}.ndjson`, import.meta.url), "utf8");
}

function run(
  text: string,
  slots: number,
  name: StrategyName = "weighted-round-robin",
): SimulationReport {
  return simulate(parseTrace(text, "t.ndjson"), {
    strategy: STRATEGIES[name],
    slots,
    measured: false,
  });
}

function figures(report: SimulationReport, project: string): SimulationReport["projects"][number] {
  const found = report.projects.find((candidate) => candidate.project === project);
  if (found === undefined) throw new Error(`no ${project} in the report`);
  return found;
}

test("waits, throughput, utilisation and shares are those of the schedule one can work out by hand", () => {
  const lines = [
    { at: 0, project: "a", durationMs: 1_000 },
    { at: 0, project: "a", durationMs: 1_000 },
    { at: 500, project: "b", durationMs: 2_000 },
  ];
  const report = run(lines.map((line) => JSON.stringify(line)).join("\n"), 1);
  expect(report).toMatchObject({ tasks: 3, untilMs: 4_000, utilisation: 1, throughput: 0.75 });
  const waits = { meanMs: 500, p50Ms: 0, p95Ms: 1_000, maxMs: 1_000 };
  expect(figures(report, "a")).toMatchObject({ wait: waits, slotMs: 2_000, share: 0.5 });
  expect(figures(report, "b")).toMatchObject({ wait: { meanMs: 1_500 }, throughput: 0.25 });
});

test("the same trace gives the same report, and every task of it is accounted for", () => {
  for (const name of ["weighted-round-robin", "priority", "dominant-share"] as const)
    for (const trace of ["saturated", "burst", "deadlines"]) {
      const report = run(fixture(trace), 2, name);
      expect(run(fixture(trace), 2, name)).toEqual(report);
      for (const { tasks, started, expired } of report.projects)
        expect(started + expired).toBe(tasks);
    }
});

test("weighted round robin is fair in starts, dominant share in slot time", () => {
  const starts = run(fixture("saturated"), 14);
  const time = run(fixture("saturated"), 14, "dominant-share");
  expect(starts.fairness.starts).toBeGreaterThanOrEqual(0.98);
  expect(time.fairness.slotTime).toBeGreaterThanOrEqual(0.98);
  expect(starts.fairness.slotTime).toBeLessThan(0.9);
});

test("a burst of one project does not hold up another, whichever strategy", () => {
  for (const name of ["weighted-round-robin", "priority", "dominant-share"] as const) {
    const report = run(fixture("burst"), 8, name);
    expect(figures(report, "steady").wait?.p95Ms).toBeLessThanOrEqual(1_000);
    expect(figures(report, "burst").wait?.maxMs).toBeGreaterThan(10_000);
  }
});

test("a task past its deadline is never started", () => {
  const patient = run(fixture("deadlines"), 1);
  expect(figures(patient, "api").expired + figures(patient, "api").started).toBe(10);
  expect(figures(patient, "api").wait?.maxMs).toBeLessThan(1_500);
  expect(figures(run(fixture("deadlines"), 1, "priority"), "api").expired).toBe(0);
  const late = [
    { at: 0, project: "a", durationMs: 1_000 },
    { at: 0, project: "b", durationMs: 1, deadlineMs: 900 },
  ];
  const report = run(late.map((line) => JSON.stringify(line)).join("\n"), 1);
  expect(figures(report, "b")).toMatchObject({ expired: 1, started: 0, wait: null });
});

test("limits of a project and an agent hold in it as in the daemon", () => {
  const line = { at: 0, project: "a", durationMs: 100 };
  const text = (over: object): string => `${JSON.stringify({ ...line, ...over })}\n`.repeat(4);
  expect(run(text({}), 4).untilMs).toBe(100);
  expect(run(text({ max: 2 }), 4).untilMs).toBe(200);
  expect(run(text({ agents: 1 }), 4).untilMs).toBe(400);
});

test("measured performance takes turns from a project that gets slower", () => {
  const lines = Array.from({ length: 400 }, (_, at) => [
    { at: 0, project: "even", durationMs: 100 },
    { at: 0, project: "tired", durationMs: at < 100 ? 100 : 400 },
  ]).flat();
  const trace = parseTrace(lines.map((line) => JSON.stringify(line)).join("\n"), "t.ndjson");
  const strategy = STRATEGIES["weighted-round-robin"];
  const wait = (measured: boolean): number =>
    figures(simulate(trace, { strategy, slots: 2, measured }), "tired").wait?.meanMs ?? 0;
  expect(wait(true)).toBeGreaterThan(1.05 * wait(false));
});

test("the table has a column for every figure and the summary names the whole machine", () => {
  const report = run(fixture("deadlines"), 1);
  for (const row of simulationRows(report)) expect(row).toHaveLength(SIMULATION_COLUMNS.length);
  expect(simulationRows(run("", 1))).toEqual([]);
  expect(simulationSummary(report)).toMatch(
    /^weighted-round-robin on 1 slots, 50 tasks in \d+\.\ds, \d+\.\d\d tasks\/s, utilisation \d+\.\d%/,
  );
});

test("a trace with mistakes is refused, naming every line and what is wrong with it", () => {
  const text = [
    "# comment",
    '{"at":0,"project":"a","durationMs":1,"weight":2}',
    '{"at":0,"project":"a","durationMs":1,"weight":3}',
    '{"at":0,"project":"a"}',
    '{"at":-1,"project":"a","durationMs":1}',
    '{"at":0,"project":"a","durationMs":1,"wieght":2}',
    "nonsense",
  ].join("\n");
  let error: unknown;
  try {
    parseTrace(text, "day.ndjson");
  } catch (cause) {
    error = cause;
  }
  expect(error).toBeInstanceOf(BerthError);
  expect((error as BerthError).code).toBe("plan.trace-invalid");
  expect((error as BerthError).problems.map(({ path, message }) => `${path}: ${message}`)).toEqual([
    "day.ndjson:3: weight of a is 3 here and 2 before",
    "day.ndjson:4: durationMs is missing",
    "day.ndjson:5: at must be a number from 0 to 315360000000",
    'day.ndjson:6: has an unknown field "wieght"',
    `day.ndjson:7: is not JSON: Unexpected token 'o', "nonsense" is not valid JSON`,
  ]);
});

const LINE: Readonly<Record<string, unknown>> = {
  at: 0,
  project: "a",
  agent: "x",
  durationMs: 5,
  priority: 10,
  complexity: 3,
  deadlineMs: 9,
  fails: true,
  weight: 2,
  cpuShare: 0.1,
  memoryShare: 0.5,
  agents: 1,
  min: 0,
  max: 1,
};
const problemsOf = (line: object): readonly string[] => {
  try {
    parseTrace(JSON.stringify(line), "t");
    return [];
  } catch (error) {
    return (error as BerthError).problems.map(({ message }) => message);
  }
};

test.each(FIELDS)(
  "a line without $name, or with nonsense in it, is read as the help says",
  ({ name, required }) => {
    const { [name]: _left, ...rest } = LINE;
    expect(problemsOf(LINE)).toEqual([]);
    expect(problemsOf(rest)).toEqual(required ? [`${name} is missing`] : []);
    for (const wrong of [null, -1, [], ""])
      expect(problemsOf({ ...LINE, [name]: wrong })).toEqual([
        expect.stringContaining(`${name} must be`),
      ]);
  },
);

test("what no trace can mean is refused: counts in parts, ages, a min above the max", () => {
  expect(problemsOf({ ...LINE, max: 1.5 })).toEqual([
    "max must be a whole number from 1 to 1000000",
  ]);
  expect(problemsOf({ ...LINE, durationMs: 1e300 })).toEqual([
    "durationMs must be a number from 0 to 315360000000",
  ]);
  expect(problemsOf({ ...LINE, min: 2 })).toEqual(["min of a/x is 2, its max only 1"]);
});

test("of many wrong lines twenty are shown, and how many more there are", () => {
  const text = Array.from({ length: 30 }, () => "{}").join("\n");
  const problems = (() => {
    try {
      parseTrace(text, "t");
      return [];
    } catch (error) {
      return (error as BerthError).problems;
    }
  })();
  expect(problems).toHaveLength(20);
  expect(problems.at(-1)?.hint).toMatch(
    /^10 more lines are wrong; a line is a JSON object with at, project, durationMs, and/,
  );
});

test("Jain's index is 1 for equal shares, 1/n when one has everything", () => {
  expect(jain([3, 3, 3])).toBeCloseTo(1, 12);
  expect(jain([5, 0, 0, 0])).toBe(0.25);
  expect(jain([1])).toBeNull();
  expect(jain([0, 0])).toBeNull();
});
