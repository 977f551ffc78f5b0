/** A real daemon keeps what its projects use, and says when the disk is low. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Usage } from "../../../src/client/usage.ts";
import { host, sleeper } from "../../support/samples.ts";
import { type Stack, eventually, startStack } from "../../support/stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.close());

const busy = `  web:
    agents:
      spin: { command: [/bin/sh, -c, "while :; do :; done"], restart: { policy: always }, stop_grace_period: 1s }
    limits: { cpus: 0.2, memory: 96MiB, pids: 64, agents: 8 }
`;

async function usage(path: string): Promise<Usage> {
  const { status, body } = await stack.get(path);
  if (status !== 200) throw new Error(body);
  return JSON.parse(body) as Usage;
}

test("what a project uses is kept each 10 s, for itself and in the host's sum", async () => {
  await stack.apply(host(busy));
  const { items } = await eventually(
    "a slot with a rate",
    async () => {
      const view = await usage("/api/v1/projects/web/metrics?step=10");
      return view.items.some(({ cpus }) => cpus !== null) ? view : undefined;
    },
    90_000,
  );
  const point = items.find(({ cpus }) => cpus !== null);
  expect(point?.cpus).toBeGreaterThan(0.02);
  expect(point?.cpus).toBeLessThan(0.35);
  // It wants a whole CPU and gets a fifth.
  expect(point?.throttledCpus).toBeGreaterThan(0);
  expect(point?.memoryLimitBytes).toBe(96 * 1024 ** 2);
  expect(point?.memoryBytes).toBeGreaterThan(1_000_000);
  expect((point?.at ?? 1) % 10_000).toBe(0);
  const all = await usage("/api/v1/metrics/host?step=10");
  expect(all.items.find(({ at }) => at === point?.at)?.cpus).toBeCloseTo(point?.cpus ?? 0, 5);
});

test("a question that makes no sense is refused with its reason", async () => {
  const empty = await stack.get("/api/v1/metrics/host?from=5&to=5");
  expect([empty.status, JSON.parse(empty.body)]).toMatchObject([
    400,
    { code: "loop.usage-span-empty" },
  ]);
  const now = Date.now();
  const many = await stack.get(`/api/v1/metrics/host?from=${now - 86_000_000}&to=${now}&step=10`);
  expect([many.status, JSON.parse(many.body)]).toMatchObject([
    400,
    { code: "loop.usage-points-many" },
  ]);
});

test("below the host's reserve the disk is low: nothing new starts, what runs goes on", async () => {
  const short = host(busy + sleeper("late")).replace("disk: 100MiB", "disk: 900000GiB");
  // The disk is looked at each 10 s; the project comes when it is known to be low.
  await stack.ok(
    "apply",
    "-f",
    stack.write("berth.yaml", short.replace(sleeper("late"), "")),
    "-y",
  );
  await eventually(
    "disk-low holds",
    async () =>
      (await stack.get("/metrics")).body.includes('berth_mode{mode="disk-low"} 1')
        ? true
        : undefined,
    60_000,
  );
  await stack.ok("apply", "-f", stack.write("berth.yaml", short), "-y");
  const rows = await eventually("late waits", async () => {
    const found = await stack.json<{ name: string; health: string; reasons: string[] }[]>("ps");
    return found.some(({ name, health }) => name === "late" && health === "waiting")
      ? found
      : undefined;
  });
  expect(rows.find(({ name }) => name === "late")?.reasons.join()).toContain("disk");
  expect(rows.find(({ name }) => name === "web")?.health).toBe("healthy");
  await stack.ok(
    "apply",
    "-f",
    stack.write("berth.yaml", host(busy + sleeper("late"))),
    "--wait",
    "-y",
  );
});
