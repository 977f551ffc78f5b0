/** A database that is not ours any more, and a disk below its reserve: nothing is removed, nothing is started, what runs goes on. */
import { truncateSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  gaps,
  leftAfterRemoval,
  linesOf,
  modes,
  projects,
  recordsCaughtUp,
} from "../support/accounts.ts";
import { counter, host } from "../support/samples.ts";
import { type Stack, eventually, freshDatabase, startStack } from "../support/stack.ts";

const BOTH = counter("one") + counter("two");

let stack: Stack;
let file: string;
beforeAll(async () => {
  stack = await startStack();
  file = await stack.apply(host(BOTH));
});
afterAll(() => stack.close());

async function spoolOf(project: string): Promise<string> {
  const { volumes } = await stack.objects();
  const spool = volumes.find((name) => name.endsWith("spool")) ?? "";
  const root = await stack.docker("volume", "inspect", "--format", "{{.Mountpoint}}", spool);
  return join(root.trim(), project);
}

const started = async (): Promise<string> => {
  const { containers } = await stack.objects();
  return stack.docker(
    "inspect",
    "--format",
    "{{.Id}} {{.State.Status}} {{.State.StartedAt}}",
    ...containers,
  );
};

test("less disk free than the reserve: the mode is named, nothing starts, what runs goes on", async () => {
  const before = await started();
  const runs = (await recordsCaughtUp(stack)).map(({ id }) => id);
  const greedy = host(BOTH + counter("late")).replace(/disk: \S+/, "disk: 900TiB");
  await stack.ok("apply", "-f", stack.write("greedy.yaml", greedy), "-y");
  await eventually("disk-low is named", async () =>
    (await modes(stack)).includes("disk-low") ? true : undefined,
  );
  const late = await eventually("the new project waits and says for what", async () => {
    const rows = await stack.json<{ name: string; health: string; reasons: string[] }[]>("ps");
    const row = rows.find(({ name }) => name === "late");
    return row?.reasons.some((reason) => reason.includes("disk")) === true ? row : undefined;
  });
  expect(late.health).toBe("waiting");
  const lines = (await linesOf(stack, "one")).length;
  await eventually("output goes on", async () =>
    (await linesOf(stack, "one")).length > lines ? true : undefined,
  );
  expect(await started()).toBe(before);
  expect((await recordsCaughtUp(stack)).map(({ id }) => id)).toEqual(runs);

  await stack.ok(
    "apply",
    "-f",
    stack.write("berth.yaml", host(BOTH + counter("late"))),
    "--wait",
    "-y",
  );
  expect(await modes(stack)).toEqual([]);
  expect((await projects(stack)).map(({ health }) => health)).toEqual([
    "healthy",
    "healthy",
    "healthy",
  ]);
});

test("a fresh database under the same install id: the daemon refuses to lead and touches nothing", async () => {
  const before = await started();
  const runs = (await recordsCaughtUp(stack)).map(({ id }) => id);
  await stack.killDaemon("SIGKILL");
  const wiped = await freshDatabase(stack.postgres.url, "wiped");
  stack.launchDaemon({ BERTH_DATABASE_URL: wiped });
  const held = await eventually("foreign-install is named", async () => {
    const now = await modes(stack);
    return now.includes("foreign-install") ? now : undefined;
  });
  expect(held).toContain("standby");
  for (const argv of [
    ["apply", "-f", file, "-y"],
    ["gc", "-y"],
    ["remove", "one", "--volumes", "-y"],
  ])
    expect([argv[0], (await stack.berth(...argv)).code]).toEqual([argv[0], 75]);
  // Longer than the lease it might have waited for.
  const since = Date.now();
  await eventually("a while has passed", () => (Date.now() - since > 6_000 ? true : undefined));
  expect(await modes(stack)).toContain("foreign-install");
  expect(await started()).toBe(before);

  // The right database again: everything is known again, nothing was interrupted.
  await stack.killDaemon("SIGKILL");
  await stack.startDaemon();
  expect(await modes(stack)).toEqual([]);
  expect((await recordsCaughtUp(stack)).map(({ id, outcome }) => [id, outcome])).toEqual(
    runs.map((id) => [id, null]),
  );
  expect(await started()).toBe(before);
});

test("a spool that forgot which runs were under way: they end as lost, once, and the next runs are the only open ones", async () => {
  const before = (await recordsCaughtUp(stack)).filter(({ outcome }) => outcome === null);
  const spool = await spoolOf("one");
  // As a host that crashed may leave it: this file is not flushed to the disk with each start.
  truncateSync(join(spool, "open-runs"));
  await stack.docker("kill", `berth-${stack.install}-one`);
  const old = before.find(({ project }) => project === "one")?.id;
  await eventually("it runs again", async () => {
    const agents = (await projects(stack)).find(({ name }) => name === "one")?.agents ?? [];
    return agents.some(({ runId }) => runId !== null && runId !== old) ? true : undefined;
  });
  const now = await recordsCaughtUp(stack);
  const ended = now.filter(
    ({ id, outcome }) => outcome !== null && before.some((run) => run.id === id),
  );
  expect(ended.map(({ project, outcome }) => [project, outcome])).toEqual([["one", "lost"]]);
});

test("no line is missing, and nothing is left", async () => {
  expect(await gaps(stack, "one", "two", "late")).toEqual([]);
  expect(await leftAfterRemoval(stack)).toEqual([]);
});
