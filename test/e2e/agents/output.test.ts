/** Output: many projects at once, cut by time, count and pattern, the run before, and what a container left behind. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { host } from "../../support/samples.ts";
import { type Look, lookAt } from "../../support/look.ts";
import { type Stack, eventually, startStack } from "../../support/stack.ts";

/** Says ten lines in a second, then nothing. */
function talker(name: string): string {
  return `  ${name}:
    agents:
      talk:
        command: [/bin/sh, -c, "for i in 1 2 3 4 5 6 7 8 9 10; do echo ${name} says $i; sleep 0.1; done; echo ${name} complains >&2; exec sleep infinity"]
        restart: { policy: always, backoff: 0s, max: 100 }
        stop_grace_period: 0s
`;
}

let stack: Stack;
let look: Look;
beforeAll(async () => {
  stack = await startStack();
  look = lookAt(stack);
  await stack.apply(host(talker("ann") + talker("bob")));
  await eventually("everything was said", async () =>
    (await stack.ok("logs")).match(/complains/g)?.length === 2 ? true : undefined,
  );
});
afterAll(() => stack.close());

const lines = (text: string): readonly string[] => text.split("\n").filter(Boolean);

test("logs of several projects come together, each line named, each project in order and whole", async () => {
  const all = lines(await stack.ok("logs", "ann", "bob"));
  for (const name of ["ann", "bob"]) {
    const mine = all.filter((line) => line.startsWith(`${name}/talk#0 | `));
    expect(mine.map((line) => line.split(" | ")[1])).toEqual([
      ...Array.from({ length: 10 }, (_, index) => `${name} says ${index + 1}`),
      `${name} complains`,
    ]);
  }
  expect(all).toHaveLength(22);
});

test("--tail, --grep and --since cut what is shown", async () => {
  expect(lines(await stack.ok("logs", "ann", "--tail", "2"))).toEqual([
    "talk#0 | ann says 10",
    "talk#0 | ann complains",
  ]);
  expect(lines(await stack.ok("logs", "--grep", "says [37]$")).toSorted()).toEqual([
    "ann/talk#0 | ann says 3",
    "ann/talk#0 | ann says 7",
    "bob/talk#0 | bob says 3",
    "bob/talk#0 | bob says 7",
  ]);
  const json = lines(await stack.ok("logs", "ann", "--json")).map(
    (line) => JSON.parse(line) as { at: number; text: string; stream: string },
  );
  expect(json.at(-1)).toMatchObject({ text: "ann complains", stream: "stderr" });
  const fifth = json.find(({ text }) => text === "ann says 5");
  const since = new Date(fifth?.at ?? 0).toISOString();
  // On a busy machine lines may be heard together, and bear one time.
  const saidWhen = (fits: (at: number) => boolean): readonly string[] =>
    json.filter(({ at }) => fits(at)).map(({ text }) => `talk#0 | ${text}`);
  const later = lines(await stack.ok("logs", "ann", "--since", since));
  expect(later).toEqual(saidWhen((at) => at >= Date.parse(since)));
  expect(later).toContain("talk#0 | ann says 5");
  const earlier = lines(await stack.ok("logs", "ann", "--until", since));
  expect(earlier).toEqual(saidWhen((at) => at <= Date.parse(since)));
  expect(earlier).toContain("talk#0 | ann says 1");
});

test("a replica is named as lines name it, an agent nobody heard of is refused, and a range that is over ends", async () => {
  expect(lines(await stack.ok("logs", "ann/talk#0"))).toHaveLength(11);
  expect(lines(await stack.ok("logs", "ann/talk#1"))).toEqual([]);
  expect(lines(await stack.ok("logs", "ann", "-f", "--until", "0s"))).toHaveLength(11);
  for (const words of [["ann/nope"], ["bob/talk", "ann/nope", "-f"]])
    expect(await stack.berth("logs", ...words)).toMatchObject({
      code: 64,
      stdout: "",
      stderr: "error: ann has no agent nope\nhint: agents: talk\n",
    });
});

test("--previous shows the run before the current one", async () => {
  await stack.ok("exec", "ann", "--", "/bin/sh", "-c", "echo old > /tmp/seen");
  const [agent] = (await look.healthy("ann")).agents;
  expect(lines(await stack.ok("logs", "ann", "--previous"))).toEqual([]);
  await stack.ok("restart", "ann/talk");
  await look.until("ann", ({ agents }) => agents[0]?.runId !== agent?.runId);
  const previous = lines(await stack.ok("logs", "ann", "--previous", "--json")).map(
    (line) => JSON.parse(line) as { run: string; text: string },
  );
  expect(previous).toHaveLength(11);
  expect(new Set(previous.map(({ run }) => run))).toEqual(new Set([agent?.runId]));
});

test("logs are kept when the container is gone, and after it was replaced", async () => {
  const saidAll = (count: number): Promise<true> =>
    eventually(`${count} runs said everything`, async () =>
      lines(await stack.ok("logs", "ann", "--grep", "says 10$")).length >= count ? true : undefined,
    );
  await saidAll(2);
  await stack.ok("complete", "bob");
  expect((await look.project("bob")).containerId).toBeNull();
  expect(lines(await stack.ok("logs", "bob"))).toHaveLength(11);
  await stack.docker("rm", "-f", (await look.container("ann")).Id);
  await look.until("ann", ({ health, phase }) => health === "healthy" && phase === "active");
  await saidAll(3);
});

test("an agent that is declared no more is still read, as long as a run of it is known", async () => {
  await stack.apply(host(talker("ann").replace("talk:", "speak:") + talker("bob")));
  expect(lines(await stack.ok("logs", "ann/talk")).length).toBeGreaterThanOrEqual(11);
});
