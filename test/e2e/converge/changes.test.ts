/** A changed declaration reaches what runs by the mildest way there is: live, by restarting agents, or by a named replacement. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Plan } from "../../../src/client/client.ts";
import type { Description } from "../../../src/schema/api-project.ts";
import { host } from "../../support/samples.ts";
import { type Inspected, type Look, lookAt, watchEngine } from "../../support/look.ts";
import { type Stack, eventually, startStack } from "../../support/stack.ts";

const MIB = 1024 ** 2;

interface Wish {
  readonly memory?: string;
  readonly cpus?: number;
  readonly pids?: number;
  readonly weight?: number;
  readonly environment?: string;
  readonly tmpfs?: string;
  readonly image?: string;
  readonly workspace?: string;
  readonly egress?: string;
  readonly grace?: string;
}

/** Its agent fills 60 MiB of memory once in the life of its workspace, when the workspace says so, then sleeps. */
function web(wish: Wish = {}): string {
  return host(`  web:
    image: "${wish.image ?? "debian:bookworm-slim"}"
    weight: ${wish.weight ?? 1}
    limits: { cpus: ${wish.cpus ?? 1}, memory: ${wish.memory ?? "160MiB"}, pids: ${wish.pids ?? 64} }
    network: { egress: ${wish.egress ?? "none"} }
    environment: { MODE: "${wish.environment ?? "a"}" }
    tmpfs: [${wish.tmpfs ?? ""}]
    workspace: { volume: ${wish.workspace ?? "web"} }
    agents:
      sleep:
        command: [/bin/sh, -c, "trap 'exit 0' TERM; echo mode $MODE; while :; do sleep 0.2; done"]
        stop_grace_period: ${wish.grace ?? "1s"}
        restart: { policy: always, backoff: 0s, max: 100 }
      fill:
        command: [/bin/sh, -c, "if [ -e /workspace/fill ]; then rm /workspace/fill; (head -c 62914560 /dev/zero; sleep 1000) | tail; fi; while :; do sleep 1; done"]
        stop_grace_period: 0s
        restart: { policy: always, backoff: 0s, max: 100 }
`);
}

let stack: Stack;
let look: Look;
beforeAll(async () => {
  stack = await startStack();
  look = lookAt(stack);
  await stack.apply(web());
});
afterAll(() => stack.close());

interface State {
  readonly container: Inspected;
  readonly processes: readonly string[];
}

/** What must not change when nothing is restarted. */
async function state(): Promise<State> {
  const { agents } = await look.healthy("web");
  return {
    container: await look.container("web"),
    processes: agents
      .map(({ agent, pid, runId }) => `${agent} ${pid} ${runId}`)
      .toSorted((a, b) => (a < b ? -1 : 1)),
  };
}

async function change(wish: Wish): Promise<Plan["projects"][number]> {
  const file = stack.write("berth.yaml", web(wish));
  const plan = await stack.json<Plan>("plan", "-f", file);
  await stack.ok("apply", "-f", file, "--wait", "-y");
  const [project] = plan.projects;
  if (project === undefined) throw new Error("the plan is empty");
  return project;
}

/** The value the kernel enforces, read inside by the agents' own user. */
async function inside(...files: readonly string[]): Promise<string> {
  const script = `for f in ${files.join(" ")}; do test -r /sys/fs/cgroup/$f && cat /sys/fs/cgroup/$f; done; true`;
  return (await stack.ok("exec", "web", "--", "/bin/sh", "-c", script)).trim();
}

const WIDER: Wish = { memory: "192MiB", cpus: 0.8, pids: 80, weight: 3 };

test("limits, weight and pids change live: same container, same processes, and the kernel enforces them", async () => {
  const before = await state();
  const planned = await change(WIDER);
  expect(planned.steps.map(({ kind, impact, interrupts }) => [kind, impact, interrupts])).toEqual([
    ["update-container", "live", []],
  ]);
  expect(planned.steps[0]?.changes).toEqual([
    { field: "limits.memory", from: "160MiB", to: "192MiB" },
    { field: "limits.cpus", from: "1", to: "0.8" },
    { field: "limits.pids", from: "64", to: "80" },
    { field: "limits.cpu_shares", from: "256", to: "768" },
  ]);
  const after = await state();
  expect(after.container.Id).toBe(before.container.Id);
  expect(after.container.State.StartedAt).toBe(before.container.State.StartedAt);
  expect(after.processes).toEqual(before.processes);
  expect(after.container.HostConfig).toMatchObject({
    Memory: 192 * MIB,
    MemorySwap: 192 * MIB,
    NanoCpus: 800_000_000,
    PidsLimit: 80,
    CpuShares: 768,
  });
  expect(await inside("memory/memory.limit_in_bytes", "memory.max")).toBe(String(192 * MIB));
  expect(await inside("pids/pids.max", "pids.max")).toBe("80");
  expect(await inside("cpu/cpu.cfs_quota_us", "cpu.max")).toMatch(/^80000/);
  expect((await look.steps("web")).filter(({ kind }) => kind === "start-container")).toHaveLength(
    1,
  );
});

test("a longer stop grace is live for Berth's stops; for others' the plan and describe say that a new container has it", async () => {
  const notes = async (): Promise<string> =>
    (await stack.json<Description>("describe", "web")).notes.join("\n");
  const before = await look.container("web");
  expect(await notes()).toBe("");
  const planned = await change({ grace: "7s" });
  const told =
    "`docker stop` and the host's shutdown give its agents 6 s, not the 12 they may need now";
  expect(planned.waiting).toEqual([`until its next new container ${told}`]);
  expect((await look.container("web")).Id).toBe(before.Id);
  expect(await notes()).toBe(`${told}: \`berth restart web\` gives it a new container`);
  await stack.ok("restart", "web");
  await eventually("its new container has it", async () =>
    (await notes()) === "" ? true : undefined,
  );
  await change(WIDER);
});

test("a decrease of memory is live while use is below it, and a restart when it is not", async () => {
  const before = await state();
  const lower = await change({ memory: "160MiB" });
  expect(lower.steps.map(({ kind, impact }) => [kind, impact])).toEqual([
    ["update-container", "live"],
  ]);
  expect((await state()).processes).toEqual(before.processes);

  await stack.ok("exec", "web", "--", "/bin/sh", "-c", "touch /workspace/fill");
  await stack.ok("restart", "web/fill");
  await look.until("web", ({ usage }) => (usage.memoryBytes ?? 0) > 70 * MIB, 40_000);
  const full = await state();
  const planned = await change({ memory: "80MiB" });
  const stop = planned.steps.find(({ kind }) => kind === "stop-container");
  expect(stop?.impact).toBe("restart");
  expect(stop?.cause).toContain("not below 80 %");
  expect(stop?.interrupts).toEqual(["fill", "sleep"]);
  const after = await state();
  expect(after.container.Id).toBe(full.container.Id);
  expect(after.container.State.StartedAt).not.toBe(full.container.State.StartedAt);
  expect(after.container.HostConfig.Memory).toBe(80 * MIB);
  expect(after.container.HostConfig.MemorySwap).toBe(80 * MIB);
});

test("a change of environment restarts agents only, and they see it", async () => {
  await change({});
  const before = await state();
  const planned = await change({ environment: "b" });
  expect(planned.steps.map(({ kind }) => kind)).toEqual(["configure-agents"]);
  expect(planned.steps[0]?.interrupts).toEqual(["fill", "sleep"]);
  const after = await state();
  expect(after.container.Id).toBe(before.container.Id);
  expect(after.container.State.StartedAt).toBe(before.container.State.StartedAt);
  expect(after.processes).not.toEqual(before.processes);
  await eventually("it says so", async () =>
    (await stack.ok("logs", "web/sleep", "--tail", "5")).includes("mode b") ? true : undefined,
  );
});

test("a plan that opens the network names the replacement and whom it interrupts, before any firewall is there", async () => {
  const file = stack.write("open.yaml", web({ environment: "c", egress: "open" }));
  const [planned] = (await stack.json<Plan>("plan", "-f", file)).projects;
  expect(planned?.steps.map(({ kind }) => kind)).toContain("remove-container");
  expect(planned?.steps.flatMap(({ interrupts }) => interrupts)).toEqual(["fill", "sleep"]);
  expect(planned?.waiting).toEqual(["firewall: the rules for open egress are not verified"]);
});

test.each<readonly [string, Wish, string]>([
  ["tmpfs", { environment: "b", tmpfs: "/cache" }, "tmpfs"],
  ["workspace", { environment: "b", tmpfs: "/cache", workspace: "other" }, "mounts"],
  [
    "image",
    { environment: "b", tmpfs: "/cache", workspace: "other", image: "berth/agent-node:0.1.0" },
    "image",
  ],
])(
  "a change of %s replaces the container, old one gone first, and says why in plan, journal and events",
  async (_name, wish, field) => {
    const before = await state();
    const watch = await watchEngine(stack);
    const moves = (): readonly string[] =>
      watch.seen.filter((event) => /^container (?:destroy|create|start) /.test(event));
    const heard = async (): Promise<Plan["projects"][number]> => {
      const plan = await change(wish);
      await eventually("the engine has told of it", () => moves().length >= 3 || undefined);
      return plan;
    };
    const planned = await heard().finally(() => watch.stop());
    expect(moves()).toEqual(
      ["destroy", "create", "start"].map(
        (action) => `container ${action} berth-${stack.install}-web`,
      ),
    );
    const removal = planned.steps.find(({ kind }) => kind === "remove-container");
    expect(removal?.cause).toContain(`changed: `);
    expect(removal?.cause).toContain(field);
    expect(planned.steps.flatMap(({ changes }) => changes.map((each) => each.field))).toEqual([
      field,
    ]);
    const after = await state();
    expect(after.container.Id).not.toBe(before.container.Id);

    const removed = (await look.steps("web")).findLast(({ kind }) => kind === "remove-container");
    expect(removed?.cause).toContain(field);
    expect(removed?.external).toBe(false);
    await eventually("it is told", async () => {
      const told = (await look.events("web")).findLast(({ kind }) => kind === "container.removed");
      return told?.message.includes(field) === true ? true : undefined;
    });
  },
);
