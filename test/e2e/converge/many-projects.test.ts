/** Many projects from one declaration: all come up, one that fails delays nobody, and what is settled is left alone. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { host, sleeper } from "../../support/samples.ts";
import { type Look, lookAt, watchEngine } from "../../support/look.ts";
import { type Stack, eventually, startStack } from "../../support/stack.ts";

const NAMES = ["api", "bot", "cron", "data", "edge", "web"];
const SIX = host(NAMES.map((name) => sleeper(name)).join(""));

let stack: Stack;
let look: Look;
beforeAll(async () => {
  stack = await startStack();
  look = lookAt(stack);
});
afterAll(() => stack.close());

test("one apply brings six projects up, each in one container on a network of its own", async () => {
  await stack.apply(SIX);
  const projects = await look.projects();
  expect(projects.map(({ name, phase, health }) => [name, phase, health])).toEqual(
    NAMES.map((name) => [name, "active", "healthy"]),
  );
  const containers = await Promise.all(NAMES.map((name) => look.container(name)));
  expect(containers.map(({ State }) => State.Status)).toEqual(NAMES.map(() => "running"));
  expect(containers.map(({ NetworkSettings }) => Object.keys(NetworkSettings.Networks))).toEqual(
    NAMES.map((name) => [`berth-${stack.install}-${name}`]),
  );
  expect(new Set(projects.map(({ subnet }) => subnet)).size).toBe(NAMES.length);
});

test("a second apply says nothing to do; through a whole relist nothing is written and nothing is touched", async () => {
  const file = stack.write("berth.yaml", SIX);
  const watch = await watchEngine(stack);
  try {
    const steps = await look.rows("select * from step order by id");
    const again = await stack.berth("apply", "-f", file, "--wait", "-y");
    expect(again.stdout + again.stderr).toContain("nothing to do");
    expect(again.code).toBe(0);
    const plan = await stack.json<{ changes: boolean; projects: { steps: unknown[] }[] }>(
      "plan",
      "-f",
      file,
    );
    expect(plan.changes).toBe(false);
    expect(plan.projects.flatMap((project) => project.steps)).toEqual([]);

    await eventually("a whole relist without a write", quietRelist, 50_000);
    expect(await look.rows("select * from step order by id")).toEqual(steps);
    expect(watch.seen).toEqual([]);
  } finally {
    watch.stop();
  }
});

/** True when nothing was written from one relist to the next, but for what projects used, which is history and no part of a pass. */
async function quietRelist(): Promise<true | undefined> {
  const before = await writes();
  const passes = await look.metric("berth_reconcile_duration_seconds_count", 'pass="host"');
  await eventually(
    "a relist",
    async () =>
      (await look.metric("berth_reconcile_duration_seconds_count", 'pass="host"')) > passes
        ? true
        : undefined,
    25_000,
  );
  const after = await writes();
  if (before === after) return true;
  throw new Error(`rows written, by table: ${before} before, ${after} after`);
}

/** Rows written so far, table by table. Postgres tells them up to 10 s late, which is less than from one relist to the next. */
async function writes(): Promise<string> {
  const rows = await look.rows<{ told: string }>(
    `select relname || ' ' || n_tup_ins + n_tup_upd + n_tup_del as told from pg_stat_user_tables
     where relname !~ '^usage' and n_tup_ins + n_tup_upd + n_tup_del > 0 order by relname`,
  );
  expect(rows.length).toBeGreaterThan(3);
  return rows.map(({ told }) => told).join(", ");
}

test("a project whose image is missing fails alone, says why, and is mended by the next apply", async () => {
  const broken = `${SIX}${sleeper("newer")}${sleeper("wrong", '    image: "localhost:1/no-such-image:0"\n')}`;
  const applied = await stack.berth(
    "apply",
    "-f",
    stack.write("berth.yaml", broken),
    "--wait",
    "-y",
  );
  expect(applied.code).toBe(78);
  expect(applied.stderr).toContain("wrong");
  const wrong = await look.project("wrong");
  expect(wrong.health).toBe("failed");
  expect(wrong.reasons.join()).toContain("localhost:1/no-such-image:0");
  expect((await look.project("newer")).health).toBe("healthy");
  expect((await stack.ok("ps")).split("\n").find((line) => line.startsWith("wrong"))).toContain(
    "failed",
  );

  await stack.ok(
    "apply",
    "-f",
    stack.write("berth.yaml", `${SIX}${sleeper("newer")}${sleeper("wrong")}`),
    "--wait",
    "-y",
  );
  expect((await look.project("wrong")).health).toBe("healthy");
});
