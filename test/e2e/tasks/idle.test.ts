/** A project without work is frozen, then stopped; work wakes it, whatever was killed meanwhile, and a pause stays a pause. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { host } from "../../support/samples.ts";
import { type Stack, eventually, startStack } from "../../support/stack.ts";

const project = (name: string, idle: string, more = ""): string => `  ${name}:
    limits: { agents: 4 }
${idle}    agents:
      coder:
        command: [/bin/sh, -c, 'date +%s%N; payload=$(cat); case "$payload" in *slow*) sleep 300;; esac']
        on: task
        max: 2
        stop_grace_period: 1s
${more}`;

const IDLE = "    idle: { freeze_after: 1s }\n";
const STOPS = "    idle: { freeze_after: 1s, stop_after: 3s }\n";
const SERVICE = `      beat:
        command: [/bin/sh, -c, 'while :; do date; sleep 1; done']
        stop_grace_period: 1s
`;

let stack: Stack;
const all = (web = IDLE): string =>
  host(project("web", web, SERVICE) + project("deep", STOPS) + project("awake", ""));
const apply = async (text: string): Promise<void> => {
  await stack.apply(text);
};
beforeAll(async () => {
  stack = await startStack();
  await apply(all());
});
afterAll(() => stack.close());

const engineState = (name: string): Promise<string> =>
  stack.docker("inspect", "-f", "{{.State.Status}}", `berth-${stack.install}-${name}`);
const reaches = (name: string, state: string): Promise<true> =>
  eventually(
    `${name} is ${state}`,
    async () => ((await engineState(name)) === state ? true : undefined),
    40_000,
  );
const submit = async (name: string, payload: string): Promise<string> => {
  const json = JSON.stringify(payload);
  const out = await stack.ok("run", name, "coder", "--payload", json, "--detach");
  return out.trim().split(/\s+/).at(-1) ?? "";
};
const succeeds = (id: string): Promise<true> =>
  eventually(`task ${id} succeeds`, async () =>
    (await stack.json<{ state: string }>("task", "show", id)).state === "succeeded"
      ? true
      : undefined,
  );
interface Shown {
  readonly name: string;
  readonly phase: string;
  readonly health: string;
  readonly reasons: readonly string[];
  readonly idle: Readonly<{ kind: string; since: number }> | null;
}
const shown = async (name: string): Promise<Shown | undefined> =>
  (await stack.json<readonly Shown[]>("ps")).find((each) => each.name === name);
const events = async (
  name: string,
  kind: string,
): Promise<readonly Readonly<{ message: string; cause: string }>[]> =>
  (await stack.ok("events", name, "--kind", kind, "-n", "100", "--json"))
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as { message: string; cause: string });

test("without work it is frozen along with its services, says since when, and stays active", async () => {
  await reaches("web", "paused");
  const view = await eventually("it says so", async () => {
    const now = await shown("web");
    return now?.health === "frozen" && now.reasons.length > 0 ? now : undefined;
  });
  expect(view).toMatchObject({ phase: "active", health: "frozen" });
  expect(view.idle).toEqual({ kind: "frozen", since: expect.any(Number) });
  expect(await stack.ok("describe", "web")).toMatch(
    /^Idle: +frozen, without work since \d{4}-\d\d-\d\d.* \(\d+s\)$/m,
  );
  expect(await stack.ok("ps", "web", "-o", "wide")).toMatch(/frozen \d+s/);
  expect(view.reasons[0]).toMatch(/^frozen: idle since \d{4}-\d\d-\d\dT[\d:]+Z; a task wakes it$/);
  const explained = await stack.json<{ constraint: string }>("explain", "web");
  expect(explained.constraint).toBe(view.reasons[0]);
  expect(await engineState("awake")).toBe("running");
  expect((await shown("awake"))?.idle).toBeNull();
  const frozen = await eventually(
    "it is told",
    async () => (await events("web", "container.frozen"))[0],
  );
  expect(frozen.message).toContain("idle since");
  expect(frozen.cause).toBe("daemon");
});

test("a task wakes a frozen project and runs, and nothing of it counts as drift", async () => {
  await reaches("web", "paused");
  await succeeds(await submit("web", "quick"));
  const thaws = await eventually("it is told", async () => {
    const told = await events("web", "container.thawed");
    return told.length > 0 ? told : undefined;
  });
  expect(thaws.every(({ cause }) => cause === "daemon")).toBe(true);
  expect(thaws.at(-1)?.message).toMatch(/woken: task \d+ waits/);
  await reaches("web", "paused");
});

test("a running task keeps it awake for as long as it runs", async () => {
  const id = await submit("web", "slow");
  await reaches("web", "running");
  const since = Date.now();
  await eventually("three times freeze_after have passed", () =>
    Date.now() - since > 3_000 ? true : undefined,
  );
  expect(await engineState("web")).toBe("running");
  await stack.ok("task", "cancel", id);
  await reaches("web", "paused");
});

test("stopped, it gives its memory back; a task starts it again", async () => {
  await reaches("deep", "exited");
  expect(
    await eventually("it says so", async () => {
      const now = await shown("deep");
      return now?.health === "stopped" ? now.reasons[0] : undefined;
    }),
  ).toMatch(/^stopped: idle since /);
  const reserved = async (): Promise<number> =>
    (JSON.parse((await stack.get("/api/v1/host")).body) as { reservedBytes: number }).reservedBytes;
  const MIB = 1_048_576;
  await eventually("only two projects hold memory", async () =>
    (await reserved()) === 2 * 96 * MIB ? true : undefined,
  );
  await succeeds(await submit("deep", "quick"));
  const starts = await eventually("it is told", async () => {
    const told = await events("deep", "container.started");
    return /woken: task \d+ waits/.test(told.at(-1)?.message ?? "") ? told : undefined;
  });
  expect(starts.every(({ cause }) => cause === "daemon")).toBe(true);
  await reaches("deep", "exited");
});

test("a killed daemon leaves frozen what it froze, and wakes it for a task", async () => {
  await reaches("web", "paused");
  const thaws = (await events("web", "container.thawed")).length;
  await stack.killDaemon();
  await stack.startDaemon();
  await eventually("it is known to rest", async () =>
    (await shown("web"))?.reasons[0]?.startsWith("frozen: idle since") === true ? true : undefined,
  );
  expect(await engineState("web")).toBe("paused");
  expect(await engineState("deep")).toBe("exited");
  expect(await events("web", "container.thawed")).toHaveLength(thaws);
  await succeeds(await submit("web", "quick"));
});

test("an exec wakes it and keeps it awake", async () => {
  await reaches("web", "paused");
  expect(await stack.ok("exec", "web", "--", "echo", "here")).toContain("here");
  await reaches("web", "paused");
});

test("a pause stays a pause: no task wakes it, and resume does", async () => {
  await reaches("web", "paused");
  await stack.ok("pause", "web");
  const id = await submit("web", "quick");
  const { constraint } = await stack.json<{ constraint: string }>("explain", id);
  expect(constraint).toMatch(/^project: paused since [0-9T:-]+Z, asked by /);
  const since = Date.now();
  await eventually("a second has passed", () => (Date.now() - since > 1_000 ? true : undefined));
  expect(await engineState("web")).toBe("paused");
  expect(await shown("web")).toMatchObject({ phase: "paused" });
  await stack.ok("resume", "web");
  await succeeds(id);
});

test("a changed declaration of a project at rest is shown by plan, applied, and works", async () => {
  await reaches("web", "paused");
  const file = stack.write("berth.yaml", all());
  const same = await stack.json<{ changes: boolean }>("plan", "-f", file);
  expect(same.changes).toBe(false);
  await apply(all(IDLE.replace("1s", "2s") + "    environment: { NEW: value }\n"));
  expect(await stack.ok("exec", "web", "--", "sh", "-c", "echo $NEW")).toContain("value");
  await reaches("web", "paused");
  await apply(all(""));
  await reaches("web", "running");
});

test("idle that can mean nothing is refused with its place", async () => {
  const bad = all("    idle: { freeze_after: 5s, stop_after: 5s }\n");
  const { code, stderr } = await stack.berth("validate", "-f", stack.write("bad.yaml", bad));
  expect(code).toBe(65);
  expect(stderr).toContain("idle.stop_after must be > freeze_after");
});
