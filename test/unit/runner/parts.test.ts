/** Small parts of the runner: OOM ledger, freeze-aware clock, tree kill, /proc and environment readers, agent plans, argv. */
import { expect, test } from "vitest";
import type { AgentSpec } from "../../../src/model/agent.ts";
import type { RunnerConfig } from "../../../src/model/desired.ts";
import { execArgv, RUNNER_ENTRYPOINT } from "../../../src/protocol/entry.ts";
import { planAgent, primaryIdentity } from "../../../src/model/agent-plan.ts";
import { Clock } from "../../../src/runner/clock.ts";
import { parseEnvironment } from "../../../src/runner/image.ts";
import { agentEnvironment } from "../../../src/model/agent-environment.ts";
import { OomLedger } from "../../../src/runner/oom.ts";
import { parseCpuMs, parseStatus } from "../../../src/runner/proc.ts";
import { killTree } from "../../../src/runner/tree-kill.ts";

test("a rise of the OOM counter is claimed once, and told as unknown only when nobody claimed it in time", () => {
  const ledger = new OomLedger();
  ledger.read(5, 0);
  expect(ledger.claim()).toBe(false);
  ledger.read(7, 1_000);
  expect(ledger.claim()).toBe(true);
  expect(ledger.settled(1_500)).toBe(0);
  expect(ledger.settled(2_000)).toBe(1);
  expect(ledger.settled(9_000)).toBe(0);
  expect(ledger.claim()).toBe(false);
});

test("a gap between ticks counts as frozen time; the daemon's figure for the same freeze is not added again", () => {
  const time = { now: 0 };
  const clock = new Clock({ monotonic: () => time.now, wall: () => time.now });
  const pass = (ms: number): number => {
    time.now += ms;
    return clock.lived();
  };
  expect(pass(1_000)).toBe(1_000);
  expect(pass(60_000)).toBe(2_000);
  clock.thawed(59_500);
  expect(clock.lived()).toBeGreaterThanOrEqual(1_500);
  expect(pass(1_000)).toBeLessThanOrEqual(3_000);
  // A freeze too short to notice: the daemon's word alone shifts the deadlines.
  pass(1_000);
  const before = clock.lived();
  clock.thawed(700);
  expect(before - clock.lived()).toBe(700);
});

test("whoever forks until it is stopped is caught: stop, look again, kill, look twice more", async () => {
  const state = new Map<number, "runs" | "stopped">([[2, "runs"]]);
  let next = 3;
  const find = (): number[] => {
    const seen = [...state.keys()];
    // Everything that still runs forks behind the look's back, up to a limit.
    for (const [pid, how] of state)
      if (how === "runs" && pid % 2 === 0 && next < 200) state.set((next += 1), "runs");
    return seen;
  };
  const signal = (pid: number, name: NodeJS.Signals): void => {
    if (name === "SIGSTOP") state.set(pid, "stopped");
    else state.delete(pid);
  };
  const outcome = await killTree(1, { find, signal });
  expect(outcome.gone).toBe(true);
  expect(state.size).toBe(0);
  expect(outcome.killed).toBeGreaterThan(1);
});

test("a tree that will not die is given up at the deadline", async () => {
  const outcome = await killTree(1, { find: () => [2], signal: () => undefined }, 30);
  expect(outcome).toMatchObject({ gone: false });
});

test("a status file tells marker and memory; zombies and strangers have none", () => {
  const status = (state: string, groups: string, threads = 1): string =>
    `Name:\tsh\nState:\t${state} (x)\nGroups:\t${groups} \nVmRSS:\t     712 kB\nThreads:\t${threads}\n`;
  expect(parseStatus(status("S", "10001 1000000042"))).toEqual({
    marker: 1_000_000_042,
    rssBytes: 729_088,
  });
  expect(parseStatus(status("Z", "10001 1000000042"))).toBeNull();
  // Its first thread has ended, and another one goes on.
  expect(parseStatus(status("Z", "10001 1000000042", 2))).toMatchObject({ marker: 1_000_000_042 });
  expect(parseStatus(status("R", "10001"))).toBeNull();
  expect(parseStatus("Name:\tkthreadd\nState:\tS (sleeping)\nGroups:\t \n")).toBeNull();
  expect(parseCpuMs("12 (a) b) S 1 2 3 4 5 6 7 8 9 10 7 3 2 1 20 0")).toBe(130);
});

test("the agent's environment is layered; nothing overrides what Berth says", () => {
  expect(parseEnvironment("A=1\0B=x=y\0=odd\0none\0")).toEqual({ A: "1", B: "x=y" });
  const built = agentEnvironment({
    image: { A: "image", HOME: "/root" },
    project: { A: "project", B: "project" },
    agent: { B: "agent", BERTH_AGENT: "forged" },
    berth: { BERTH_AGENT: "a" },
  });
  expect(built).toMatchObject({
    A: "project",
    B: "agent",
    BERTH_AGENT: "a",
    HOME: "/workspace/.home",
  });
  expect(built["PATH"]).toContain("/usr/bin");
  expect(built["PATH"]).toMatch(/:\/.berth\/bin$/);
});

const SPEC: AgentSpec = {
  name: "a",
  task: null,
  command: ["run"],
  entrypoint: "image",
  replicas: 1,
  restart: { mode: "no", max: 1, windowMs: 1, backoffMs: 1, backoffMaxMs: 1 },
  health: null,
  stopGraceMs: 1,
  user: null,
  cwd: null,
  environment: {},
};
const CONFIG: RunnerConfig = {
  hash: "h",
  epoch: 1,
  generation: 1,
  project: "p",
  install: "i",
  environment: {},
  agents: [SPEC],
  secretNames: [],
  git: null,
  workspaceOwner: null,
  image: { entrypoint: ["/entry"], user: null, workdir: "/srv", environment: null },
  restartSerials: {},
};
const IMAGE = { environment: {}, users: { passwd: "", group: "" } };

test("a plan changes its fingerprint with what the process is, not with replicas or generation", () => {
  const plan = planAgent(SPEC, CONFIG, IMAGE);
  expect(plan).toMatchObject({ argv: ["/entry", "run"], cwd: "/srv" });
  const same = planAgent(
    { ...SPEC, replicas: 9 },
    { ...CONFIG, hash: "x", generation: 2, restartSerials: { a: 3 } },
    IMAGE,
  );
  expect(same.fingerprint).toBe(plan.fingerprint);
  const others: readonly (readonly [Partial<AgentSpec>, Partial<RunnerConfig>])[] = [
    [{ command: ["walk"] }, {}],
    [{ user: "5" }, {}],
    [{ cwd: "/tmp" }, {}],
    [{ environment: { A: "1" } }, {}],
    [{}, { environment: { A: "1" } }],
    [{}, { image: { ...CONFIG.image, user: "5" } }],
  ];
  for (const [spec, config] of others) {
    expect(planAgent({ ...SPEC, ...spec }, { ...CONFIG, ...config }, IMAGE).fingerprint).not.toBe(
      plan.fingerprint,
    );
  }
});

test("what is done about a process is not what it is: a policy changes apart from the fingerprint", () => {
  const plan = planAgent(SPEC, CONFIG, IMAGE);
  const other = planAgent({ ...SPEC, stopGraceMs: 2 }, CONFIG, IMAGE);
  expect(other.fingerprint).toBe(plan.fingerprint);
  expect(other.policy).not.toBe(plan.policy);
});

test("the workspace is the default user's unless every agent has another", () => {
  const of = (...users: readonly (string | null)[]) =>
    primaryIdentity({ ...CONFIG, agents: users.map((user) => ({ ...SPEC, user })) }, IMAGE.users);
  expect(of("5", null)).toMatchObject({ identity: { uid: 10_001 } });
  expect(of("5", "6")).toMatchObject({ identity: { uid: 5 } });
});

test("an exec names identity, groups and marker as numbers, the folder, and nothing of the image", () => {
  const argv = execArgv({
    uid: 5,
    gid: 6,
    groups: [7, 6],
    marker: 1_000_000_001,
    cwd: "/w",
    environment: { LD_PRELOAD: "/x.so" },
    argv: ["cmd", "A=b"],
  });
  const [, ...words] = argv;
  expect(words).toEqual(["as", "5:6:1000000001:7", "/w", "LD_PRELOAD=/x.so", "--", "cmd", "A=b"]);
});

test("between PID 1 and the runner stands only the launcher, which gives it two variables", () => {
  const [init, dashes, launcher, ...rest] = RUNNER_ENTRYPOINT;
  expect([init, dashes, launcher]).toEqual(["/.berth/tini", "--", "/.berth/launcher"]);
  expect(rest.slice(0, 4)).toEqual([
    "serve",
    "UV_THREADPOOL_SIZE=2",
    "LD_LIBRARY_PATH=/.berth/lib",
    "--",
  ]);
});
