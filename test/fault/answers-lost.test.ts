/** The engine does what it was asked and its answer is lost: there is exactly one object of each, adopted. */
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  converged,
  gaps,
  leftAfterRemoval,
  overlaps,
  recordsCaughtUp,
  sql,
} from "../support/accounts.ts";
import { type CuttableSocket, openCuttableSocket } from "../support/cuttable-socket.ts";
import { counter, host } from "../support/samples.ts";
import { type Stack, eventually, startStack } from "../support/stack.ts";
import { witness } from "../support/witness.ts";

const PROJECTS = process.env["BERTH_LONG"] === "1" ? 12 : 2;
const NAMES = Array.from({ length: PROJECTS }, (_, n) => `lost${n}`);

let wire: CuttableSocket;
let stack: Stack;
beforeAll(async () => {
  wire = await openCuttableSocket();
  stack = await startStack({ env: { DOCKER_HOST: wire.dockerHost } });
});
afterAll(async () => {
  await stack.close();
  await wire.close();
});

interface StepSeen {
  readonly project: string;
  readonly outcome: string;
  readonly code: string | null;
  readonly opened_at: Date;
  readonly settled_at: Date;
}

/** The engine's and the database's clocks are one host's. */
const CLOCK_MS = 50;

async function createdAt(project: string): Promise<number> {
  const name = `berth-${stack.install}-${project}`;
  return Date.parse(await stack.docker("inspect", "--format", "{{.Created}}", name));
}

test("creates whose answer is lost: exactly one container each, the one that was made first", async () => {
  const watch = witness(stack.install);
  const lost = wire.loseAnswersTo(/^POST \S*\/containers\/create\?name=berth-\w+-lost/, PROJECTS);
  const file = stack.write("berth.yaml", host(NAMES.map((name) => counter(name)).join("")));
  await stack.ok("apply", "-f", file, "-y");
  await eventually("every answer is lost", () => (lost() === PROJECTS ? true : undefined), 30_000);
  await converged(stack, file);

  const { containers, networks } = await stack.objects();
  expect([containers.length, networks.length]).toEqual([PROJECTS, PROJECTS]);
  const steps = await sql<StepSeen>(
    stack,
    "select project, outcome, code, opened_at, settled_at from step where kind = 'create-container' order by id",
  );
  for (const name of NAMES) {
    const [first] = steps.filter(({ project }) => project === name);
    expect(first).toMatchObject({ outcome: "failed", code: "docker.unreachable" });
    // What runs is what that step made, though it never learned of it.
    const created = await createdAt(name);
    expect(created).toBeGreaterThan((first?.opened_at.getTime() ?? 0) - CLOCK_MS);
    expect(created).toBeLessThan((first?.settled_at.getTime() ?? 0) + CLOCK_MS);
  }
  expect((await watch.stop()).doubles).toEqual([]);
});

test("networks, starts and removals whose answer is lost are done once as well", async () => {
  const lost = wire.loseAnswersTo(
    /^(POST \S*\/(networks\/create|volumes\/create|containers\/\w+\/start)|DELETE \S*\/(containers|networks)\/)/,
    6,
  );
  const watch = witness(stack.install);
  await stack.ok("restart", "lost0");
  const file = stack.write(
    "more.yaml",
    host(
      [...NAMES, "extra"]
        .map((name) => counter(name, "    workspace: { volume: work }\n"))
        .join(""),
    ),
  );
  await stack.ok("apply", "-f", file, "-y");
  await eventually("every answer is lost", () => (lost() === 6 ? true : undefined), 60_000);
  await converged(stack, file);
  const { containers, networks } = await stack.objects();
  expect([containers.length, networks.length]).toEqual([PROJECTS + 1, PROJECTS + 1]);
  expect((await watch.stop()).doubles).toEqual([]);
});

test("no run was doubled, no line is missing, nothing is left", async () => {
  expect(overlaps(await recordsCaughtUp(stack))).toEqual([]);
  expect(await gaps(stack, ...NAMES, "extra")).toEqual([]);
  expect(await leftAfterRemoval(stack)).toEqual([]);
});
