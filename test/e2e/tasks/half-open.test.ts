/** A breaker whose cool-down is over: one task tries; its success lets the others in, its failure doubles the wait. Waits out 30 s. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { post } from "../../support/post.ts";
import { host } from "../../support/samples.ts";
import { type Stack, eventually, startStack } from "../../support/stack.ts";

const OPENED_BY = 5;
/** The cool-down of 30 s, and as much again for a slow machine. */
const PROBED_MS = 60_000;

const project = (name: string): string => `  ${name}:
    limits: { agents: 5 }
    agents:
      coder:
        command: [/bin/sh, -c, 'case "$(cat)" in *bad*) exit 9;; *) while [ ! -e /workspace/go ]; do sleep 0.1; done;; esac']
        on: task
        max: 5
        timeout: 60s
        stop_grace_period: 1s
`;

/** Its container takes long to stop, and its runner refuses tasks meanwhile. */
const SLOW = `${project("slow")}      stubborn:
        command: [/bin/sh, -c, 'trap "" TERM; while :; do sleep 1; done']
        stop_grace_period: 15s
`;

let stack: Stack;
let file: string;
beforeAll(async () => {
  stack = await startStack();
  file = await stack.apply(host(project("mended") + project("sick") + SLOW));
});
afterAll(() => stack.close());

/** Good tasks end from now on. */
const letGo = (name: string): Promise<string> =>
  stack.ok("exec", name, "--", "/bin/touch", "/workspace/go");

interface Task {
  readonly id: string;
  readonly state: string;
}
async function submit(name: string, payload: string, count: number): Promise<readonly string[]> {
  const items = Array.from({ length: count }, () => ({ project: name, agent: "coder", payload }));
  const { body } = await post(stack.socket, "/api/v1/tasks", { body: { items } });
  const answer = JSON.parse(body) as { items: readonly Readonly<{ task: Task }>[] };
  return answer.items.map(({ task }) => task.id);
}
const statesOf = async (ids: readonly string[]): Promise<readonly string[]> =>
  Promise.all(
    ids.map(
      async (id) => (JSON.parse((await stack.get(`/api/v1/tasks/${id}`)).body) as Task).state,
    ),
  );
/** 0 closed, 1 half-open, 2 open. */
const breaker = async (name: string): Promise<string | undefined> =>
  new RegExp(`^berth_breaker_state\\{name="project:${name}"\\} (\\d)$`, "m").exec(
    (await stack.get("/metrics")).body,
  )?.[1];
const is = (name: string, state: string): Promise<true> =>
  eventually(`the breaker of ${name} is ${state}`, async () =>
    (await breaker(name)) === state ? true : undefined,
  );
const opened = async (name: string): Promise<readonly string[]> =>
  (await stack.ok("events", name, "--kind", "breaker.opened", "-n", "20", "--json"))
    .split("\n")
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as { message: string }).message);

test("after the cool-down one task tries: success lets the others in, failure opens it for twice as long", async () => {
  await Promise.all([submit("mended", "bad", OPENED_BY), submit("sick", "bad", OPENED_BY)]);
  await Promise.all([is("mended", "2"), is("sick", "2")]);
  const [good, bad] = await Promise.all([submit("mended", "good", 3), submit("sick", "bad", 2)]);
  expect(await statesOf([...good, ...bad])).toEqual(Array.from({ length: 5 }, () => "ready"));

  // Nobody does anything: the end of the cool-down alone lets the probe start.
  const during = await eventually(
    "one of them tries",
    async () => {
      const states = await statesOf(good);
      return states.includes("running") ? states : undefined;
    },
    PROBED_MS,
  );
  expect(during.toSorted()).toEqual(["ready", "ready", "running"]);
  expect(await breaker("mended")).toBe("1");
  const probe = good[during.indexOf("running")];
  expect(await stack.ok("explain", "mended")).toContain(
    `breaker half-open: waiting for task ${probe} (exit code 9)`,
  );
  const waiting = good[during.indexOf("ready")] ?? "";
  expect(await stack.ok("explain", waiting)).toContain(
    `breaker half-open: project mended waits for task ${probe}`,
  );

  await stack.ok("exec", "mended", "--", "touch", "/workspace/go");
  await eventually("its success closes the breaker, and all run", async () =>
    (await statesOf(good)).every((state) => state === "succeeded") ? true : undefined,
  );
  expect(await breaker("mended")).toBe("0");

  const after = await eventually(
    "the probe of the other has failed",
    async () => {
      const states = await statesOf(bad);
      return states.some((state) => state !== "ready" && state !== "running") ? states : undefined;
    },
    PROBED_MS,
  );
  expect(after.filter((state) => state === "ready")).toHaveLength(1);
  await is("sick", "2");
  const told = await eventually("it is told", async () => {
    const messages = await opened("sick");
    return messages.some((text) => text.includes("for 60 s")) ? messages : undefined;
  });
  expect(told.some((text) => text.includes("for 30 s"))).toBe(true);
}, 180_000);

test("a project that is made anew under the name of one that is gone begins with no breaker of it", async () => {
  await submit("sick", "bad", OPENED_BY);
  await is("sick", "2");
  await stack.ok("remove", "sick", "--volumes", "-y");
  await eventually("it is gone", async () =>
    (await stack.get("/api/v1/projects/sick")).status === 404 ? true : undefined,
  );
  await stack.ok("apply", "-f", file, "--wait", "-y");
  expect(await breaker("sick")).not.toBe("2");
  await letGo("sick");
  const tasks = await submit("sick", "good", 2);
  await eventually("its tasks run", async () =>
    (await statesOf(tasks)).every((state) => state === "succeeded") ? true : undefined,
  );
}, 120_000);

test("a cool-down that ends while the container is being stopped leaves nobody waiting for ever", async () => {
  await letGo("slow");
  await submit("slow", "bad", OPENED_BY);
  await is("slow", "2");
  const openedAt = Date.now();
  const good = await submit("slow", "good", 2);
  await new Promise((resolve) => setTimeout(resolve, openedAt + 22_000 - Date.now()));
  await stack.ok("restart", "slow");
  await eventually(
    "all run",
    async () => ((await statesOf(good)).every((state) => state === "succeeded") ? true : undefined),
    PROBED_MS,
  );
  expect(await breaker("slow")).toBe("0");
}, 180_000);
