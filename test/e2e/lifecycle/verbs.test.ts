/** The lifecycle from outside: every verb reaches its state, keeps what it promises to keep, and every state can be left. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { host, sleeper } from "../../support/samples.ts";
import { type Look, lookAt } from "../../support/look.ts";
import { type Stack, eventually, startStack } from "../../support/stack.ts";

/** Two agents, one of which says when it was stopped. */
const PAIR = `  pair:
    agents:
      calm:
        command: [/bin/sh, -c, "trap 'echo bye; exit 0' TERM; while :; do sleep 0.1; done"]
        restart: { policy: always, backoff: 0s, max: 100 }
        stop_grace_period: 2s
      busy: { command: [sleep, infinity], restart: { policy: always, backoff: 0s, max: 100 }, stop_grace_period: 1s }
`;

let stack: Stack;
let look: Look;
beforeAll(async () => {
  stack = await startStack();
  look = lookAt(stack);
  await stack.apply(host(PAIR));
});
afterAll(() => stack.close());

/** Every replica by its process, in one order. */
async function processes(project: string): Promise<readonly string[]> {
  const { agents } = await look.project(project);
  return agents
    .map(({ agent, replica, pid, runId }) => `${agent}.${replica} ${pid} ${runId}`)
    .toSorted((a, b) => (a < b ? -1 : 1));
}

test("pause freezes: the container is paused, ps says frozen, exec is refused, and resume goes on with the same processes", async () => {
  const before = await processes("pair");
  const container = await look.container("pair");
  await stack.ok("pause", "pair");
  expect((await look.container("pair")).State.Status).toBe("paused");
  const frozen = await look.project("pair");
  expect(frozen).toMatchObject({ phase: "paused", health: "frozen" });
  const refused = await stack.berth("exec", "pair", "--", "true");
  expect(refused.code).toBe(75);
  expect(refused.stderr).toContain("berth resume pair");

  await stack.ok("resume", "pair");
  const resumed = await look.healthy("pair");
  expect(resumed.containerId).toBe(container.Id);
  expect(await processes("pair")).toEqual(before);
  expect((await look.container("pair")).State.StartedAt).toBe(container.State.StartedAt);
});

test("pause --stop keeps the container and ends its processes; resume starts the same container", async () => {
  const { Id } = await look.container("pair");
  await stack.ok("pause", "pair", "--stop");
  const stopped = await look.container("pair");
  expect(stopped.Id).toBe(Id);
  expect(stopped.State.Status).toBe("exited");
  expect(await look.project("pair")).toMatchObject({ phase: "paused", health: "stopped" });
  const [open] = await look.rows<{ open: number }>(
    "select count(*)::int as open from run where project = 'pair' and outcome is null",
  );
  expect(open).toEqual({ open: 0 });
  expect((await stack.berth("exec", "pair", "--", "true")).code).toBe(75);
  await stack.ok("resume", "pair");
  await look.healthy("pair");
  expect((await look.container("pair")).Id).toBe(Id);
});

test("complete frees container and network but keeps the workspace; start runs it again on what it left", async () => {
  await stack.ok("exec", "pair", "--", "/bin/sh", "-c", "echo kept > /workspace/note");
  await stack.ok("complete", "pair");
  expect(await look.project("pair")).toMatchObject({ phase: "completed", health: "stopped" });
  const left = await stack.objects();
  expect(left.containers).toEqual([]);
  expect(left.networks).toEqual([]);
  expect(left.volumes).toContain(`berth-${stack.install}-pair.pair`);
  // A completed project stays so, whatever is applied.
  await stack.ok("apply", "-f", `${stack.dir}/berth.yaml`, "--wait", "-y");
  expect((await look.project("pair")).phase).toBe("completed");
  await stack.ok("start", "pair");
  await look.healthy("pair");
  expect(await stack.ok("exec", "pair", "--", "cat", "/workspace/note")).toBe("kept\n");
});

test("single agents stop, start, restart and scale while the others keep their processes", async () => {
  const busyOf = (all: readonly string[]): readonly string[] =>
    all.filter((line) => line.startsWith("busy"));
  const before = await processes("pair");
  await stack.ok("stop", "pair/calm");
  await look.until("pair", ({ agents }) => agents.every(({ agent }) => agent !== "calm"));
  expect(await stack.ok("logs", "pair/calm", "--tail", "1")).toContain("bye");
  expect(busyOf(await processes("pair"))).toEqual(busyOf(before));

  await stack.ok("start", "pair/calm");
  const started = await processes("pair");
  expect(started).toHaveLength(2);
  await stack.ok("restart", "pair/calm");
  const restarted = await processes("pair");
  expect(restarted).toHaveLength(2);
  expect(restarted).not.toEqual(started);
  expect(busyOf(restarted)).toEqual(busyOf(before));

  await stack.ok("scale", "pair/calm=3");
  expect((await processes("pair")).map((line) => line.split(" ")[0])).toEqual([
    "busy.0",
    "calm.0",
    "calm.1",
    "calm.2",
  ]);
  await stack.ok("scale", "pair/calm=1");
  expect(await processes("pair")).toEqual(restarted);
  const over = await stack.berth("scale", "pair/calm=20");
  expect(over.code).toBe(73);
  expect(over.stderr).toContain("limits.agents");
});

test("restart of a project gives it a new container, and says why", async () => {
  const before = await look.container("pair");
  const ran = await processes("pair");
  await stack.ok("restart", "pair");
  await look.healthy("pair");
  expect(await processes("pair")).not.toEqual(ran);
  expect((await look.container("pair")).Id).not.toBe(before.Id);
  await eventually("it is told", async () => {
    const told = (await look.events("pair")).findLast(({ kind }) => kind === "container.removed");
    return told?.message.includes("restart") === true ? true : undefined;
  });
});

test("exec runs as the agents' user with the command's own exit code; root only with --root, which is audited", async () => {
  expect(await stack.ok("exec", "pair", "--", "id", "-u")).toBe("10001\n");
  expect((await stack.berth("exec", "pair", "--", "/bin/sh", "-c", "exit 7")).code).toBe(7);
  expect((await stack.berth("exec", "pair", "--", "/bin/sh", "-c", "kill -9 $$")).code).toBe(137);
  expect((await stack.berth("exec", "pair", "--", "/no/such/program")).code).toBe(127);
  const audited = (): Promise<{ detail: string }[]> =>
    look.rows("select detail from audit where action = 'exec.root' and project = 'pair'");
  expect(await audited()).toEqual([]);
  expect(await stack.ok("exec", "--root", "pair", "--", "id", "-u")).toBe("0\n");
  expect(await audited()).toEqual([{ detail: "id -u" }]);
});

test("every state can be left by remove, which frees everything and says so; volumes go only when asked", async () => {
  const names = ["lives", "frozen", "stopped", "finished", "broken"];
  const file = stack.write(
    "many.yaml",
    host(
      names
        .map((name) =>
          sleeper(name, name === "broken" ? `    image: "sha256:${"0".repeat(64)}"\n` : ""),
        )
        .join(""),
    ),
  );
  expect((await stack.berth("apply", "-f", file, "--wait", "-y")).code).toBe(78);
  await stack.ok("pause", "frozen");
  await stack.ok("pause", "stopped", "--stop");
  await stack.ok("complete", "finished");
  expect(
    Object.fromEntries((await look.projects()).map(({ name, phase }) => [name, phase])),
  ).toMatchObject({
    lives: "active",
    frozen: "paused",
    stopped: "paused",
    finished: "completed",
    broken: "activating",
  });

  const removed = await stack.json<{ project: string; freed: string[]; kept: string[] }>(
    "remove",
    "frozen",
    "-y",
  );
  const frozenVolume = `volume berth-${stack.install}-frozen.frozen (data)`;
  expect(removed.freed).toContain(`container berth-${stack.install}-frozen`);
  expect(removed.freed).toContain(`network berth-${stack.install}-frozen`);
  expect(removed.freed.some((line) => /^subnet \d+\.\d+\.\d+\.\d+\/28$/.test(line))).toBe(true);
  expect(removed.kept).toEqual([frozenVolume]);

  await stack.ok("remove", ...names.filter((name) => name !== "frozen"), "pair", "--volumes", "-y");
  expect(await look.projects()).toEqual([]);
  const left = await stack.objects();
  expect(left.containers).toEqual([]);
  expect(left.networks).toEqual([]);
  expect(left.volumes.filter((name) => name.includes("."))).toEqual([
    `berth-${stack.install}-frozen.frozen`,
  ]);
  expect(await look.rows("select * from subnet")).toEqual([]);
  const [open] = await look.rows<{ open: number }>(
    "select count(*)::int as open from run where outcome is null",
  );
  expect(open).toEqual({ open: 0 });
  await eventually("nothing is left in the records", async () =>
    (await look.rows("select from project")).length === 0 ? true : undefined,
  );
});
