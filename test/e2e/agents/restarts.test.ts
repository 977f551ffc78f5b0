/** Agents as services: what dies comes back, what crash-loops is stopped, what is unhealthy restarts, what is stopped is gone whole. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Project } from "../../../src/client/client.ts";
import { host } from "../../support/samples.ts";
import { type Look, lookAt } from "../../support/look.ts";
import { type Stack, eventually, startStack } from "../../support/stack.ts";

const ALWAYS = "restart: { policy: always, backoff: 0s, max: 100 }";
const AGENTS = `  web:
    agents:
      steady: { command: [sleep, infinity], ${ALWAYS}, stop_grace_period: 1s }
      deaf:
        command: [/bin/sh, -c, "trap '' TERM; while :; do sleep 0.1; done"]
        ${ALWAYS}
        stop_grace_period: 1s
      polite:
        command: [/bin/sh, -c, "trap 'sleep 0.5; echo goodbye; exit 0' TERM; while :; do sleep 0.1; done"]
        ${ALWAYS}
        stop_grace_period: 10s
      checked:
        command: [/bin/sh, -c, "touch /workspace/ok; exec sleep infinity"]
        ${ALWAYS}
        stop_grace_period: 0s
        health: { command: [test, -f, /workspace/ok], interval: 200ms, timeout: 2s, retries: 2, start_period: 2s }
      tree:
        command:
          - /bin/sh
          - -c
          - |
            (setsid nohup env -i /bin/sleep 98765 >/dev/null 2>&1 &)
            (trap '' TERM HUP; /bin/sh -c "trap '' TERM HUP; while :; do /bin/sleep 98764; done" &)
            exec sleep 98763
        ${ALWAYS}
        stop_grace_period: 0s
`;
const LOOPING = `  looping:
    agents:
      crash: { command: [/bin/sh, -c, "exit 3"], restart: { policy: on-failure, max: 3, window: 1m, backoff: 10ms } }
      once: { command: [/bin/sh, -c, "exit 0"], restart: on-failure }
`;

let stack: Stack;
let look: Look;
beforeAll(async () => {
  stack = await startStack();
  look = lookAt(stack);
  await stack.apply(host(AGENTS));
});
afterAll(() => stack.close());

interface RunRow {
  readonly agent: string;
  readonly outcome: string | null;
  readonly exit_code: number | null;
  readonly signal: string | null;
  readonly reason: string | null;
  readonly started_at: Date;
  readonly ended_at: Date | null;
}

const runs = (project: string, agent: string): Promise<RunRow[]> =>
  look.rows<RunRow>("select * from run where project = $1 and agent = $2 order by started_at", [
    project,
    agent,
  ]);

function agentOf(project: Project, name: string): Project["agents"][number] {
  const found = project.agents.find(({ agent }) => agent === name);
  if (found === undefined) throw new Error(`no agent ${name}: ${JSON.stringify(project.agents)}`);
  return found;
}

const inside = (script: string): Promise<string> =>
  stack.ok("exec", "web", "--", "/bin/sh", "-c", script);

/** Command lines of every process in the container. */
const processes = (): Promise<string> =>
  stack.asRoot(
    "web",
    "for p in /proc/[0-9]*; do tr '\\0' ' ' < $p/cmdline 2>/dev/null; echo; done",
  );

test("an agent that is killed runs again, as a new run, and the old one has its signal", async () => {
  const before = agentOf(await look.project("web"), "steady");
  await inside(`kill -9 ${before.pid}`);
  const back = await look.until("web", (project) => {
    const steady = agentOf(project, "steady");
    return steady.state === "running" && steady.runId !== before.runId;
  });
  expect(agentOf(back, "steady").restarts).toBe(before.restarts + 1);
  const [ended, current] = await eventually("both runs are recorded", async () => {
    const all = await runs("web", "steady");
    return all.length === 2 && all[0]?.outcome !== null ? all : undefined;
  });
  expect(ended).toMatchObject({ signal: "SIGKILL", exit_code: null });
  expect(ended?.outcome).not.toBe("stopped");
  expect(current?.outcome).toBeNull();
  const pauseMs = (current?.started_at.getTime() ?? 0) - (ended?.ended_at?.getTime() ?? 0);
  expect(pauseMs).toBeLessThan(1_000);
  expect((await look.events("web")).some(({ kind }) => kind.startsWith("agent."))).toBe(true);
});

test("an agent that keeps crashing is left alone after its budget, and apply --wait says so with 1", async () => {
  const file = stack.write("looping.yaml", host(LOOPING));
  const applied = await stack.berth("apply", "-f", file, "--wait", "-y");
  expect(applied.code).toBe(1);
  expect(applied.stderr).toContain("looping");
  const project = await look.until(
    "looping",
    (found) => found.health === "crash-loop" && agentOf(found, "once").state === "exited",
  );
  expect(agentOf(project, "crash")).toMatchObject({ state: "crash-loop", restarts: 3 });
  expect(agentOf(project, "once")).toMatchObject({ state: "exited", restarts: 0 });
  const all = await eventually("four runs are recorded", async () => {
    const found = await runs("looping", "crash");
    return found.length === 4 && found.every(({ outcome }) => outcome !== null) ? found : undefined;
  });
  expect(all.map(({ outcome, exit_code }) => [outcome, exit_code])).toEqual(
    all.map(() => ["failed", 3]),
  );
  await eventually("the good end is recorded", async () => {
    const outcomes = (await runs("looping", "once")).map(({ outcome }) => outcome);
    return outcomes.join() === "succeeded" ? true : undefined;
  });
  await stack.ok("restart", "looping/crash", "--no-wait");
  await eventually("a restart by hand gives it a new budget", async () =>
    (await runs("looping", "crash")).length > 4 ? true : undefined,
  );
});

test("an unhealthy agent is restarted by its policy, and its run says why it ended", async () => {
  const before = agentOf(await look.project("web"), "checked");
  expect(before.state).toBe("running");
  await inside("rm /workspace/ok");
  const after = await look.until("web", (project) => {
    const checked = agentOf(project, "checked");
    return checked.state === "running" && checked.runId !== before.runId;
  });
  expect(agentOf(after, "checked").restarts).toBe(before.restarts + 1);
  const ended = await eventually("the end is recorded", async () => {
    const [first] = await runs("web", "checked");
    return first?.outcome === null ? undefined : first;
  });
  expect(ended.reason).toMatch(/health/);
});

test("stop waits for its grace: a polite agent ends by itself, a deaf one is killed when it is over", async () => {
  const begun = Date.now();
  await stack.ok("stop", "web/polite", "web/deaf");
  await look.until("web", ({ agents }) =>
    agents.every(({ agent }) => agent !== "polite" && agent !== "deaf"),
  );
  expect(Date.now() - begun).toBeGreaterThan(1_000);
  expect(await stack.ok("logs", "web/polite")).toContain("goodbye");
  const ends = await eventually("both ends are recorded", async () => {
    const all = [...(await runs("web", "polite")), ...(await runs("web", "deaf"))];
    return all.every(({ outcome }) => outcome !== null) ? all : undefined;
  });
  expect(ends.map(({ outcome, exit_code, signal }) => [outcome, exit_code, signal])).toEqual([
    ["stopped", 0, null],
    ["stopped", null, "SIGKILL"],
  ]);
});

test("stopping an agent kills its whole tree, however its children hid", async () => {
  await eventually("the tree has grown", async () => {
    const list = await processes();
    return ["98765", "98764", "98763"].every((mark) => list.includes(`sleep ${mark}`))
      ? true
      : undefined;
  });
  await stack.ok("stop", "web/tree");
  await look.until("web", ({ agents }) => agents.every(({ agent }) => agent !== "tree"));
  const left = await processes();
  expect(left).not.toMatch(/sleep 9876[345]/);
  expect(left).toContain("sleep infinity");
});
