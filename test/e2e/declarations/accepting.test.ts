/** What is accepted is accepted whole, by generation; what is not changes nothing that runs. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Applied, Plan } from "../../../src/client/client.ts";
import { host, sleeper } from "../../support/samples.ts";
import { type Look, lookAt } from "../../support/look.ts";
import { type CliResult, type Stack, eventually, run, startStack } from "../../support/stack.ts";

let stack: Stack;
let look: Look;
beforeAll(async () => {
  stack = await startStack();
  look = lookAt(stack);
  await stack.ok(
    "apply",
    "-f",
    stack.write("berth.yaml", host(sleeper("one") + sleeper("two"))),
    "--wait",
    "-y",
  );
});
afterAll(() => stack.close());

const MAIN = new URL("../../../src/main.ts", import.meta.url).pathname;

/** The CLI with another environment. */
function berthWith(
  env: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<CliResult> {
  return run(process.execPath, [MAIN, ...args], {
    ...process.env,
    BERTH_HOST: `unix:${stack.socket}`,
    NO_COLOR: "1",
    ...env,
  });
}

async function ids(): Promise<readonly string[]> {
  return (await stack.objects()).containers.toSorted();
}

async function generations(): Promise<number> {
  return (await look.rows("select generation from generation")).length;
}

async function curlJson<T>(path: string): Promise<T> {
  const url = `http://berth/api/v1/${path}`;
  return JSON.parse((await run("curl", ["-s", "--unix-socket", stack.socket, url])).stdout) as T;
}

test("a bad file is refused with all its problems at once, each with place, caret and hint; nothing that runs changes", async () => {
  const before = { ids: await ids(), generations: await generations() };
  const bad = stack.write(
    "bad.yaml",
    host(`  one:
    limts: { cpus: 1 }
    agents:
      sleep: { command: [sleep, infinity], replicas: lots }
  two:
    limits: { memory: 12 parsecs }
`),
  );
  const refused = await stack.berth("apply", "-f", bad, "-y");
  expect(refused.code).toBe(65);
  expect(refused.stderr).toMatch(/bad\.yaml:9:5 .*limts/);
  expect(refused.stderr).toMatch(/bad\.yaml:11:\d+ .*replicas/);
  expect(refused.stderr).toMatch(/bad\.yaml:13:\d+ .*memory/);
  expect(refused.stderr).toContain("    limts: { cpus: 1 }");
  expect(refused.stderr).toMatch(/^\s*\|\s+\^+/m);
  expect(refused.stderr).toMatch(/hint: .*limits/);
  expect((await stack.berth("validate", "-f", bad)).code).toBe(65);

  const json = await stack.berth("apply", "-f", bad, "-y", "--json");
  const problem = JSON.parse(json.stderr) as { errors?: unknown[]; status: number };
  expect(problem.status).toBe(422);
  expect({ ids: await ids(), generations: await generations() }).toEqual(before);
  expect((await look.healthy("one")).generation).toBe(1);
});

test("apply never removes what a file stopped naming; --prune deactivates those of the same source only", async () => {
  const other = stack.write("other/berth.yaml", host(sleeper("elsewhere")));
  await stack.ok("apply", "-f", other, "--wait", "-y");
  const file = stack.write("berth.yaml", host(sleeper("one")));
  const applied = await stack.berth("apply", "-f", file, "--wait", "-y");
  expect(applied.code).toBe(0);
  expect(applied.stderr).toContain("no longer declared, left as they are: two");
  expect((await look.project("two")).health).toBe("healthy");

  const plan = await stack.json<Plan>("plan", "-f", file, "--prune");
  expect(
    plan.projects.filter(({ change }) => change === "deactivate").map(({ project }) => project),
  ).toEqual(["two"]);
  await stack.ok("apply", "-f", file, "--prune", "--wait", "-y");
  const two = await look.until("two", ({ phase }) => phase === "inactive");
  expect(two.containerId).toBeNull();
  expect((await look.project("elsewhere")).health).toBe("healthy");
  expect((await look.project("one")).health).toBe("healthy");
  const volumes = (await stack.objects()).volumes;
  expect(volumes).toContain(`berth-${stack.install}-two.two`);
});

test("a rollback is a new generation, with the old content, and history tells of it", async () => {
  const before = await generations();
  await stack.ok("rollback", "1", "-y");
  await look.healthy("two");
  expect(await generations()).toBe(before + 1);
  const history =
    await stack.json<{ generation: number; rollbackOf: number | null; projects: string[] }[]>(
      "history",
    );
  expect(history[0]).toMatchObject({ generation: before + 1, rollbackOf: 1 });
  expect(history.map(({ generation }) => generation)).toEqual(
    Array.from({ length: before + 1 }, (_, index) => before + 1 - index),
  );
});

test("without a number a rollback undoes the newest apply, whichever source the one before it was of", async () => {
  const one = await stack.apply(host(sleeper("one", "    weight: 7\n") + sleeper("two")));
  const other = stack.write("other/berth.yaml", host(sleeper("elsewhere")));
  await stack.ok("apply", "-f", other, "--wait", "-y");
  stack.write("berth.yaml", host(sleeper("one", "    weight: 9\n") + sleeper("two")));
  await stack.ok("apply", "-f", one, "--wait", "-y");
  const before = await generations();
  const plan = await curlJson<Plan>(`generations/${before - 2}/plan`);
  expect(plan.projects.map(({ project, change }) => [project, change])).toEqual([
    ["elsewhere", "deactivate"],
    ["one", "update"],
    ["two", "none"],
  ]);
  const back = await stack.berth("rollback", "-y", "--wait");
  expect(back.stderr).toContain(`generation ${before + 1} is generation ${before - 1} again`);
  expect((await look.container("one")).HostConfig.CpuShares).toBe(7 * 256);
  expect((await look.project("elsewhere")).health).toBe("healthy");
  const again = await stack.berth("rollback", String(before - 1), "-y");
  expect(again.stderr).toContain(`generation ${before - 1} is what is in force`);
  // As of the generation before, `elsewhere` was not declared.
  const earlier = await stack.berth("rollback", String(before - 2), "-y", "--wait");
  expect(earlier.stderr).toContain("deactivated: elsewhere");
  await look.until("elsewhere", ({ phase }) => phase === "inactive");
  expect((await look.project("one")).weight).toBe(7);
});

test("a rollback leaves removed what was removed before the generation it returns to", async () => {
  const gone = stack.write("gone/berth.yaml", host(sleeper("gone")));
  await stack.ok("apply", "-f", gone, "--wait", "-y");
  await stack.ok("remove", "gone", "-y", "--volumes");
  for (const weight of [7, 9]) {
    const file = stack.write("stays.yaml", host(sleeper("stays", `    weight: ${weight}\n`)));
    await stack.ok("apply", "-f", file, "--wait", "-y");
  }
  expect((await stack.berth("rollback", "-y", "--wait")).code).toBe(0);
  expect((await look.project("stays")).weight).toBe(7);
  expect(await stack.ok("ps", "-o", "name")).not.toContain("gone");
  await stack.ok("remove", "stays", "-y", "--volumes");
});

test("plan says 0 for nothing and 2 for changes, and changes nothing itself", async () => {
  const same = await stack.apply(host(sleeper("one") + sleeper("two")));
  const before = { ids: await ids(), generations: await generations() };
  expect((await stack.berth("plan", "-f", same, "--detailed-exitcode")).code).toBe(0);
  const more = stack.write("more.yaml", host(sleeper("one", "    weight: 9\n") + sleeper("new")));
  const planned = await stack.berth("plan", "-f", more, "--detailed-exitcode");
  expect(planned.code).toBe(2);
  expect(planned.stdout).toContain("cpu_shares");
  expect(planned.stdout).toContain("container:new");
  expect((await stack.berth("plan", "-f", more)).code).toBe(0);
  expect({ ids: await ids(), generations: await generations() }).toEqual(before);
});

test("a kept plan is applied as it was shown, and refused with 75 once anything moved", async () => {
  const file = stack.write("berth.yaml", host(sleeper("one", "    weight: 5\n") + sleeper("two")));
  await stack.ok("plan", "-f", file, "--out", `${stack.dir}/next.plan`);
  const applied = await stack.berth("apply", `${stack.dir}/next.plan`, "--wait", "-y");
  expect(applied.stderr + applied.stdout).toContain("one");
  expect(applied.code).toBe(0);
  expect((await look.container("one")).HostConfig.CpuShares).toBe(5 * 256);
  const again = await stack.berth("apply", `${stack.dir}/next.plan`, "-y");
  expect(again.code).toBe(75);

  // The generation is the same, but what the plan would do is not.
  const next = stack.write("berth.yaml", host(sleeper("one", "    weight: 6\n") + sleeper("two")));
  await stack.ok("plan", "-f", next, "--out", `${stack.dir}/later.plan`);
  await stack.ok("pause", "one", "--stop");
  const moved = await stack.berth("apply", `${stack.dir}/later.plan`, "-y");
  expect(moved.code).toBe(75);
  expect(moved.stderr).toContain("plan");
  await stack.ok("resume", "one");
  expect((await look.container("one")).HostConfig.CpuShares).toBe(5 * 256);
});

test("the same idempotency key gets the same answer and does nothing twice; with another body it is refused", async () => {
  const bundle = (weight: number): object => ({
    base: stack.dir,
    entry: "keyed.yaml",
    overlays: [],
    files: { "keyed.yaml": host(sleeper("keyed", `    weight: ${weight}\n`)) },
  });
  const ask = async (weight: number): Promise<{ status: number; body: string }> => {
    const asked = await run("curl", [
      "-s",
      "-w",
      "\n%{http_code}",
      "--unix-socket",
      stack.socket,
      "-H",
      "content-type: application/json",
      "-H",
      "idempotency-key: e2e-key-1",
      "-d",
      JSON.stringify({ bundle: bundle(weight), prune: false, adopt: false }),
      "http://berth/api/v1/apply",
    ]);
    const lines = asked.stdout.trim().split("\n");
    return { status: Number(lines.pop()), body: lines.join("\n") };
  };
  const before = await generations();
  const first = await ask(1);
  expect(first).toMatchObject({ status: 200 });
  const second = await ask(1);
  expect((JSON.parse(second.body) as Applied).generation).toBe(
    (JSON.parse(first.body) as Applied).generation,
  );
  expect(await generations()).toBe(before + 1);
  expect((await ask(2)).status).toBe(409);
  expect(await generations()).toBe(before + 1);
  await look.healthy("keyed");
});

test("an overlay by BERTH_ENV changes values, and config show --origin says where each comes from", async () => {
  const file = stack.write("env/berth.yaml", host(sleeper("layered", "    weight: 2\n")));
  stack.write("env/berth.prod.yaml", "projects:\n  layered:\n    weight: 7\n");
  const plain = await stack.ok("config", "show", "layered", "-f", file, "--origin");
  expect(plain).toMatch(/layered\.weight\s+2\s+.*berth\.yaml:\d+/);
  const env = { BERTH_ENV: "prod" };
  const shown = await berthWith(env, "config", "show", "layered", "-f", file, "--origin");
  expect(shown.stdout).toMatch(/layered\.weight\s+7\s+.*berth\.prod\.yaml:3/);
  expect(shown.stdout).toMatch(/layered\.limits\.memory\s+\S+\s+.*berth\.yaml:\d+/);
  expect((await berthWith(env, "apply", "-f", file, "--wait", "-y")).code).toBe(0);
  expect((await look.container("layered")).HostConfig.CpuShares).toBe(7 * 256);
});

test("SIGHUP reads BERTH_CONFIG again and nothing else; a bad file then leaves the last good one", async () => {
  const config = stack.write("config.yaml", host(sleeper("configured")));
  await stack.killDaemon("SIGTERM");
  await stack.startDaemon({ BERTH_CONFIG: config });
  stack.write("berth.yaml", host(sleeper("one", "    weight: 8\n") + sleeper("two")));
  const one = await look.healthy("one");
  stack.write("config.yaml", host(sleeper("configured", "    weight: 4\n")));
  process.kill(stack.daemonPid(), "SIGHUP");
  await look.healthy("configured");
  await eventually("the file's weight", async () =>
    (await look.container("configured")).HostConfig.CpuShares === 4 * 256 ? true : undefined,
  );
  expect((await look.project("one")).weight).toBe(one.weight);

  const before = { ids: await ids(), generations: await generations() };
  stack.write("config.yaml", host("  configured: { weight: heavy }\n"));
  process.kill(stack.daemonPid(), "SIGHUP");
  const refusal = /config\.yaml:\d+:\d+ .*weight.*\(declare\.wrong-type\)/;
  await eventually("the refusal is an event", async () =>
    refusal.test(await stack.ok("events", "--kind", "declaration.refused")) ? true : undefined,
  );
  expect({ ids: await ids(), generations: await generations() }).toEqual(before);
  expect((await stack.berth("ps")).stderr).toMatch(refusal);
  expect((await stack.berth("doctor")).stdout).toMatch(refusal);
  // Accepted by whoever asks: what is refused is the file, not the signal.
  stack.write("config.yaml", host(sleeper("configured")));
  await stack.ok("apply", "-f", config, "-y");
  expect((await stack.berth("ps")).stderr).not.toContain("declaration-refused");
});
