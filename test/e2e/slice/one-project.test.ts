/** The thinnest whole path: one YAML project becomes a container with a runner and an agent, seen by ps and logs. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { counter, host } from "../../support/samples.ts";
import { type Stack, eventually, startStack } from "../../support/stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.close());

interface Row {
  readonly name: string;
  readonly phase: string;
  readonly health: string;
}

test("apply --wait ends when the project is healthy, and a second apply says nothing to do", async () => {
  const file = await stack.apply(host(counter("web")));
  const rows = await stack.json<Row[]>("ps");
  expect(rows.map(({ name, phase, health }) => ({ name, phase, health }))).toEqual([
    { name: "web", phase: "active", health: "healthy" },
  ]);
  const again = await stack.berth("apply", "-f", file, "-y");
  expect(again.stdout + again.stderr).toContain("nothing to do");
  expect(again.code).toBe(0);
});

test("the kernel enforces what was declared", async () => {
  const { containers } = await stack.objects();
  expect(containers).toHaveLength(1);
  const [inspected] = JSON.parse(await stack.docker("inspect", containers[0] ?? "")) as {
    HostConfig: Record<string, unknown>;
  }[];
  expect(inspected?.HostConfig).toMatchObject({
    Memory: 96 * 1024 ** 2,
    MemorySwap: 96 * 1024 ** 2,
    NanoCpus: 1_000_000_000,
    PidsLimit: 64,
    ReadonlyRootfs: true,
    Privileged: false,
    CapDrop: ["ALL"],
    RestartPolicy: { Name: "no" },
  });
});

test("logs show what the agent writes, in order and without a gap", async () => {
  const text = await eventually("ten lines", async () => {
    const out = await stack.ok("logs", "web");
    return out.split("\n").length > 10 ? out : undefined;
  });
  const numbers = [...text.matchAll(/(\d+)$/gm)].map(([, digits]) => Number(digits));
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
});

test("remove frees everything and says what", async () => {
  const { stdout, stderr } = await stack.berth("remove", "web", "--volumes", "-y");
  expect(stdout + stderr).toContain(`container berth-${stack.install}-web`);
  const left = await stack.objects();
  expect(left.containers).toEqual([]);
  expect(left.networks).toEqual([]);
  expect(left.volumes.filter((name) => name.includes("-web."))).toEqual([]);
});
