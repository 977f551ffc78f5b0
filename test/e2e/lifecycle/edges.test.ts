/** The lifecycle where verbs, declarations and the engine meet: what was put aside stays aside, and takes what changed when it returns. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Plan } from "../../../src/client/client.ts";
import { host, sleeper } from "../../support/samples.ts";
import { type Look, lookAt, watchEngine } from "../../support/look.ts";
import { type Stack, eventually, startStack } from "../../support/stack.ts";

let stack: Stack;
let look: Look;
beforeAll(async () => {
  stack = await startStack();
  look = lookAt(stack);
  await apply(sleeper("web") + sleeper("side"));
});
afterAll(() => stack.close());

async function apply(projects: string): Promise<void> {
  await stack.apply(host(projects));
}

test("a change applied to a frozen project waits for its resume, and then takes effect", async () => {
  await stack.ok("pause", "web");
  const { Id } = await look.container("web");
  const before = (await look.project("web")).limits;
  const file = stack.write(
    "berth.yaml",
    host(sleeper("web", "    weight: 4\n    tmpfs: [/cache]\n") + sleeper("side")),
  );
  expect((await stack.berth("plan", "-f", file)).stdout).toContain(
    "frozen: takes effect when it is resumed",
  );
  expect((await stack.berth("apply", "-f", file, "--wait", "-y")).stderr).toContain(
    "web (takes effect when it runs again)",
  );
  // what is enforced, not what is declared
  expect(await look.project("web")).toMatchObject({ health: "frozen", limits: before });
  expect(await look.container("web")).toMatchObject({ Id, State: { Status: "paused" } });
  await stack.ok("resume", "web");
  await look.healthy("web");
  const after = await look.container("web");
  expect(after.Id).not.toBe(Id);
  expect(after.HostConfig.CpuShares).toBe(4 * 256);
  expect((await look.project("web")).limits.cpuShares).toBe(4 * 256);
  expect(Object.keys(after.HostConfig.Tmpfs ?? {})).toContain("/cache");
});

test("agents are added, taken away and given another policy without touching the others", async () => {
  const own = (more: string): string =>
    `${sleeper("web", `    weight: 4\n    tmpfs: [/cache]\n`)}
`.replace("      sleep:", `${more}      sleep:`);
  const side = sleeper("side");
  const sleepOf = async (): Promise<string | null | undefined> =>
    (await look.healthy("web")).agents.find(({ agent }) => agent === "sleep")?.runId;
  const before = await sleepOf();
  await apply(own("      extra: { command: [sleep, infinity], stop_grace_period: 0s }\n") + side);
  expect((await look.healthy("web")).agents.map(({ agent }) => agent).toSorted()).toEqual([
    "extra",
    "sleep",
  ]);
  await apply(
    own("      extra: { command: [sleep, infinity], stop_grace_period: 0s, restart: no }\n") + side,
  );
  const [extra] = (await look.healthy("web")).agents.filter(({ agent }) => agent === "extra");
  await apply(own("") + side);
  expect((await look.healthy("web")).agents.map(({ agent }) => agent)).toEqual(["sleep"]);
  expect(await sleepOf()).toBe(before);
  const ended = await eventually("the end of the agent taken away", async () => {
    const rows = await look.rows<{ id: string; outcome: string | null }>(
      "select id, outcome from run where agent = 'extra'",
    );
    return rows.length > 0 && rows.every(({ outcome }) => outcome !== null) ? rows : undefined;
  });
  // Another policy alone is no reason to end its process.
  expect(ended).toEqual([{ id: extra?.runId, outcome: "stopped" }]);
});

test("a health command is taken up, and dropped, by the process that runs", async () => {
  const calm = (more: string): string =>
    `  calm:\n    agents:\n      a: { command: [sleep, infinity], stop_grace_period: 0s, restart: no${more} }\n`;
  await apply(calm(""));
  const [before] = (await look.healthy("calm")).agents;
  const file = stack.write(
    "berth.yaml",
    host(
      calm(
        ", health: { command: [test, -f, /workspace/ok], interval: 100ms, retries: 1, start_period: 0s }",
      ),
    ),
  );
  await stack.ok("apply", "-f", file, "-y");
  const ill = await look.until("calm", ({ health }) => health === "unhealthy");
  expect(ill.agents[0]?.runId).toBe(before?.runId);
  await apply(calm(", health: none"));
  expect((await look.healthy("calm")).agents[0]?.runId).toBe(before?.runId);
  await stack.ok("remove", "calm", "--volumes", "-y");
});

test("down deactivates everything that is declared, and apply brings it back on the same workspaces", async () => {
  await stack.ok("exec", "side", "--", "/bin/sh", "-c", "echo kept > /workspace/note");
  await stack.ok("down", "-f", `${stack.dir}/berth.yaml`, "-y");
  await eventually("nothing runs", async () => {
    const { containers, networks } = await stack.objects();
    const phases = (await look.projects()).map(({ phase }) => phase);
    return containers.length + networks.length === 0 && phases.every((each) => each === "inactive")
      ? true
      : undefined;
  });
  const file = stack.write("berth.yaml", host(sleeper("web") + sleeper("side")));
  const { projects } = await stack.json<Plan>("plan", "-f", file);
  for (const { steps } of projects)
    expect(steps.map(({ kind }) => kind)).toContain("start-container");
  await stack.ok("apply", "-f", file, "--wait", "-y");
  await look.healthy("web");
  expect(await stack.ok("exec", "side", "--", "cat", "/workspace/note")).toBe("kept\n");
});

test("two wishes at once end in the last one, and asking for what is already so changes nothing", async () => {
  await Promise.all([
    stack.berth("pause", "side", "--no-wait"),
    stack.berth("resume", "side", "--no-wait"),
    stack.berth("pause", "side", "--stop", "--no-wait"),
  ]);
  await stack.ok("resume", "side");
  await look.healthy("side");
  const watch = await watchEngine(stack);
  try {
    await stack.ok("resume", "side");
    await stack.ok("start", "side");
    expect(watch.seen).toEqual([]);
  } finally {
    watch.stop();
  }
  await stack.ok("pause", "side");
  await stack.ok("pause", "side");
  expect((await look.project("side")).health).toBe("frozen");
});

test("a project that is to run no agent is settled, and so is one that has nothing to freeze", async () => {
  await apply(sleeper("web") + sleeper("side"));
  for (const words of [
    ["stop", "web/sleep"],
    ["start", "web/sleep"],
    ["scale", "web/sleep=0"],
  ]) {
    await stack.ok(...words);
    expect(await look.project("web")).toMatchObject({ phase: "active", health: "healthy" });
  }
  expect((await look.project("web")).agents).toEqual([]);
  await apply(sleeper("web").replace("sleep: {", "sleep: { replicas: 0,") + sleeper("side"));
  expect((await look.project("web")).agents).toEqual([]);

  await stack.ok("stop", "web");
  await stack.ok("pause", "web");
  expect(await look.project("web")).toMatchObject({ phase: "paused", health: "stopped" });
  await apply(sleeper("web") + sleeper("side"));
  await stack.ok("resume", "web");
  await look.healthy("web");
});

test("an unknown project or agent is a usage error that names those there are", async () => {
  const project = await stack.berth("pause", "sidd");
  expect(project.code).toBe(64);
  expect(project.stderr).toContain("side");
  const agent = await stack.berth("restart", "web/slep");
  expect(agent.code).toBe(64);
  expect(agent.stderr).toContain("sleep");
});
