/** Drift: what a foreign hand does to our objects is seen by event, repaired, and told apart from what we did. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { host, sleeper } from "../../support/samples.ts";
import { type Look, lookAt } from "../../support/look.ts";
import { type Stack, eventually, startStack } from "../../support/stack.ts";
import { HANDS } from "./hands.ts";

/** The promise. On a machine with ten times more work than cores 39 of 40 were seen within 1 s, the last after 3.6. */
const SEEN_MS = Number(process.env["BERTH_TEST_SEEN_MS"] ?? 2_000);

let stack: Stack;
let look: Look;
let network: string;
beforeAll(async () => {
  stack = await startStack({ env: { BERTH_ORPHAN_GRACE: "2s" } });
  look = lookAt(stack);
  network = `berth-${stack.install}-web`;
  await stack.apply(host(sleeper("web") + sleeper("calm")));
});
afterAll(() => stack.close());

test.each(HANDS)(
  "a foreign $verb is seen at once, repaired, and recorded as external",
  async (hand) => {
    await look.healthy("web");
    const before = await look.container("web");
    const calm = await look.container("calm");
    const drift = await look.metric("berth_drift_total", 'project="web"');
    const since = Number((await look.steps("web")).at(-1)?.id ?? 0);
    const begun = Date.now();
    await stack.docker(...hand.arguments(before, stack.install));
    const done = Date.now();

    const step = await eventually("the repair is in the journal", async () =>
      (await look.steps("web")).find(
        ({ id, kind, external }) => Number(id) > since && kind === hand.step && external,
      ),
    );
    expect(step.cause).toContain(hand.cause);
    expect(step.opened_at.getTime()).toBeGreaterThanOrEqual(begun);
    expect(step.opened_at.getTime() - done).toBeLessThan(SEEN_MS);
    await eventually("it is mended", async () =>
      hand.mended(await look.container("web"), before, network) ? true : undefined,
    );
    await look.healthy("web");
    const told = await eventually("an event with cause external", async () =>
      (await look.events("web")).find(
        ({ cause, at, message }) =>
          cause === "external" && at >= begun && message.includes(hand.cause),
      ),
    );
    expect(told.project).toBe("web");
    expect(await look.metric("berth_drift_total", 'project="web"')).toBeGreaterThan(drift);
    const { Id, State, HostConfig } = await look.container("calm");
    expect({ Id, State, HostConfig }).toEqual({
      Id: calm.Id,
      State: calm.State,
      HostConfig: calm.HostConfig,
    });
  },
);

test("what is to rest is put to rest again: a foreign unpause and a foreign start are undone", async () => {
  const { Id } = await look.container("calm");
  await stack.ok("pause", "calm");
  await stack.docker("unpause", Id);
  await eventually("it was thawed and frozen again", async () =>
    (await look.steps("calm")).some(
      ({ kind, external }) => kind === "pause-container" && external,
    ) && (await look.inspect(Id)).State.Status === "paused"
      ? true
      : undefined,
  );
  await stack.ok("pause", "calm", "--stop");
  await stack.docker("start", Id);
  await eventually("it was started and stopped again", async () =>
    (await look.steps("calm")).some(
      ({ kind, external }) => kind === "stop-container" && external,
    ) && (await look.inspect(Id)).State.Status === "exited"
      ? true
      : undefined,
  );
  await stack.ok("resume", "calm");
  await look.healthy("calm");
  expect((await look.container("calm")).Id).toBe(Id);
});

test("a container of ours that no record names is stopped, and removed after its grace; a stranger's is left alone", async () => {
  const uid = (JSON.parse((await stack.get("/readyz")).body) as { installUid: string }).installUid;
  const start = (name: string, ...labels: readonly string[]): Promise<string> =>
    stack.docker(
      "run",
      "-d",
      "--name",
      name,
      "--label",
      "berth.test=stranger",
      ...labels.flatMap((label) => ["--label", label]),
      "debian:bookworm-slim",
      "sh",
      "-c",
      "trap 'exit 0' TERM; while :; do sleep 0.1; done",
    );
  const ours = [`berth.install=${stack.install}`, "berth.project=ghost"];
  const ghost = await start(`ghost-${stack.install}`, ...ours, `berth.install-uid=${uid}`);
  const nearly = await start(
    `nearly-${stack.install}`,
    "berth.install=other",
    "berth.project=ghost",
    `berth.install-uid=${uid}`,
  );
  try {
    await eventually(
      "the orphan is stopped",
      async () => ((await look.inspect(ghost)).State.Status === "exited" ? true : undefined),
      30_000,
    );
    await eventually(
      "the orphan is removed",
      async () =>
        (await stack.docker("ps", "-aq", "--no-trunc")).includes(ghost) ? undefined : true,
      40_000,
    );
    expect((await look.inspect(nearly)).State.Status).toBe("running");
    const steps = await look.steps("@orphans");
    expect(steps.map(({ kind }) => kind)).toContain("remove-container");
  } finally {
    for (const id of [ghost, nearly]) await stack.docker("rm", "-f", id).catch(() => "");
  }
});

test("a stranger that took our name is reported and untouched; the project starts once the name is free", async () => {
  const stranger = await stack.docker(
    "run",
    "-d",
    "--name",
    `berth-${stack.install}-late`,
    "debian:bookworm-slim",
    "sleep",
    "infinity",
  );
  try {
    const before = await look.inspect(stranger);
    const file = stack.write("late.yaml", host(sleeper("late")));
    await stack.ok("apply", "-f", file, "-y");
    const late = await look.until("late", ({ reasons }) => reasons.join().includes("name-taken"));
    expect(late.reasons.join()).toContain(`berth-${stack.install}-late is not ours`);
    expect(late.containerId).toBeNull();
    expect((await look.inspect(stranger)).State).toEqual(before.State);
    await stack.docker("rm", "-f", stranger);
    await look.healthy("late");
  } finally {
    await stack.docker("rm", "-f", stranger).catch(() => "");
  }
});

test("a control socket that was removed is back before the next daemon needs a hand", async () => {
  const [before] = (await look.healthy("calm")).agents;
  const volume = `berth-${stack.install}-spool`;
  const root = await stack.docker("volume", "inspect", "-f", "{{.Mountpoint}}", volume);
  rmSync(join(root, "calm", "control.sock"));
  await stack.killDaemon();
  await stack.startDaemon();
  // A tick of the runner is 5 s.
  expect((await look.healthy("calm", 15_000)).agents[0]?.runId).toBe(before?.runId);
  expect(await stack.ok("exec", "calm", "--", "/bin/echo", "there")).toBe("there\n");
});

test("a container that is killed again and again waits longer for its next start, and says so", async () => {
  await look.healthy("web");
  const { Id } = await look.container("web");
  const reasons = await eventually("it says that its container dies", async () => {
    await stack.docker("kill", Id).catch(() => undefined);
    const rows = await stack.json<{ name: string; reasons: string[] }[]>("ps");
    const told = rows.find(({ name }) => name === "web")?.reasons ?? [];
    return told.some((reason) => reason.includes("its container died")) ? told : undefined;
  });
  expect(reasons.join()).toMatch(/its container died \d+ times of late; next start in \d+ s/);
  await look.healthy("web", 20_000);
});
