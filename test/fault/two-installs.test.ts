/** Two installs on one engine: whatever one of them does or suffers, the other's objects stay byte-identical. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { gaps, leftAfterRemoval, recordsCaughtUp } from "../support/accounts.ts";
import { counter, host } from "../support/samples.ts";
import { type Stack, eventually, run, startStack } from "../support/stack.ts";

const TURNS = process.env["BERTH_LONG"] === "1" ? 20 : 3;
const NAMES = ["web", "api"];

let quiet: Stack;
let busy: Stack;
let file: string;
beforeAll(async () => {
  quiet = await startStack();
  busy = await startStack({ beside: quiet });
  const text = host(
    NAMES.map((name) => counter(name, "    workspace: { volume: work }\n")).join(""),
  );
  file = quiet.write("berth.yaml", text);
  await Promise.all([quiet, busy].map((stack) => stack.ok("apply", "-f", file, "--wait", "-y")));
});
afterAll(async () => {
  await busy.close();
  await quiet.close();
});

/** Every byte the engine tells of the install's containers, networks and volumes. */
async function bytes(stack: Stack): Promise<string> {
  const { containers, networks, volumes } = await stack.objects();
  const each = (...args: readonly string[]): Promise<string> => stack.docker(...args);
  return [
    inMountOrder(await each("inspect", ...containers.toSorted())),
    await each("network", "inspect", ...networks.toSorted()),
    await each("volume", "inspect", ...volumes.toSorted()),
  ].join("\n");
}

/** The engine lists a container's mounts in no order (they are a map there); everything else stays as it was told. */
function inMountOrder(inspected: string): string {
  const seen = JSON.parse(inspected) as { Mounts: { Destination: string }[] }[];
  for (const { Mounts } of seen) Mounts.sort((a, b) => (a.Destination < b.Destination ? -1 : 1));
  return JSON.stringify(seen);
}

test("the same names under two installs are different objects", async () => {
  const [ours, theirs] = await Promise.all([quiet.objects(), busy.objects()]);
  expect(ours.containers).toHaveLength(2);
  expect(theirs.containers).toHaveLength(2);
  expect(ours.containers.filter((id) => theirs.containers.includes(id))).toEqual([]);
});

test("one churns, is killed, collects garbage and removes all: the other's objects are byte-identical", async () => {
  const before = await bytes(quiet);
  const runs = (await recordsCaughtUp(quiet)).map(({ id }) => id);
  for (let turn = 0; turn < TURNS; turn += 1) {
    await busy.ok("scale", `web/count=${(turn % 2) + 2}`);
    await busy.ok("pause", "api");
    await busy.killDaemon("SIGKILL");
    await busy.startDaemon();
    await busy.ok("resume", "api");
    await busy.ok("restart", "web");
    await busy.ok("remove", "api", "--volumes", "-y");
    await busy.ok("gc", "-y");
    await busy.ok("apply", "-f", file, "--wait", "-y");
  }
  await busy.ok("down", "-y");
  expect(await leftAfterRemoval(busy)).toEqual([]);
  expect(await bytes(quiet)).toBe(before);
  const rows = await recordsCaughtUp(quiet);
  expect(rows.map(({ id, outcome }) => [id, outcome])).toEqual(runs.map((id) => [id, null]));
  expect(await gaps(quiet, ...NAMES)).toEqual([]);
});

test("a stranger's container that took a project's name is told of and never touched", async () => {
  const name = `berth-${busy.install}-web`;
  const made = await run("docker", ["create", "--name", name, "debian:bookworm-slim", "true"]);
  const id = made.stdout.trim();
  try {
    const before = await busy.docker("inspect", id);
    await busy.ok("apply", "-f", file, "-y");
    const reasons = await eventually("the name is said to be taken", async () => {
      const rows = await busy.json<{ name: string; reasons: string[] }[]>("ps");
      const said = rows.find((row) => row.name === "web")?.reasons.join() ?? "";
      return said.includes("name-taken") ? said : undefined;
    });
    expect(reasons).toContain(name);
    await busy.ok("remove", "web", "--volumes", "-y");
    expect(await busy.docker("inspect", id)).toBe(before);
  } finally {
    await run("docker", ["rm", "-f", id]);
  }
});

test("the quiet one is removed without a trace as well", async () => {
  expect(await leftAfterRemoval(quiet)).toEqual([]);
});
