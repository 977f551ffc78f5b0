/** The container itself: what is declared and what is promised of every one, read from the engine and from inside. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { host } from "../../support/samples.ts";
import { type Look, lookAt } from "../../support/look.ts";
import { type Stack, eventually, startStack } from "../../support/stack.ts";

const IMAGE = `berth-e2e-volumes:${process.pid}`;
const MIB = 1024 ** 2;

let stack: Stack;
let look: Look;
beforeAll(async () => {
  stack = await startStack();
  look = lookAt(stack);
  // An image with everything that must not take effect as it is: a VOLUME, a HEALTHCHECK, a root user.
  const base = await stack.docker("create", "debian:bookworm-slim", "true");
  try {
    await stack.docker(
      "commit",
      "--change",
      "VOLUME /data/store",
      "--change",
      'HEALTHCHECK CMD ["false"]',
      "--change",
      "USER root",
      base,
      IMAGE,
    );
  } finally {
    await stack.docker("rm", base);
  }
  await stack.apply(
    host(`  web:
    image: ${IMAGE}
    limits: { cpus: 1, memory: 128MiB, pids: 64, nofile: 512, shm: 8MiB }
    tmpfs: [/cache]
    labels: { team: core }
    agents:
      slow: { command: [sleep, infinity], stop_grace_period: 7s }
`),
  );
});
afterAll(async () => {
  await stack.close();
  await stack.docker("rmi", "-f", IMAGE).catch(() => "");
});

const inside = (script: string): Promise<string> =>
  stack.ok("exec", "web", "--", "/bin/sh", "-c", script);

interface Whole {
  readonly HostConfig: Record<string, unknown>;
  readonly Config: Record<string, unknown> & { Labels: Record<string, string> };
  readonly Mounts: readonly { Type: string; Name?: string; Destination: string; RW: boolean }[];
}

async function whole(): Promise<Whole> {
  const [found] = JSON.parse(
    await stack.docker("inspect", (await look.container("web")).Id),
  ) as Whole[];
  if (found === undefined) throw new Error("no container");
  return found;
}

test("the engine was told every limit and every hardening", async () => {
  const { HostConfig, Config } = await whole();
  expect(HostConfig).toMatchObject({
    Memory: 128 * MIB,
    MemorySwap: 128 * MIB,
    PidsLimit: 64,
    ShmSize: 8 * MIB,
    ReadonlyRootfs: true,
    Privileged: false,
    CapDrop: ["ALL"],
    RestartPolicy: { Name: "no" },
    LogConfig: { Type: "local" },
    OomScoreAdj: 200,
    Ulimits: [{ Name: "nofile", Hard: 512, Soft: 512 }],
  });
  expect(
    (HostConfig["CapAdd"] as string[]).map((name) => name.replace("CAP_", "")).toSorted(),
  ).toEqual(["CHOWN", "KILL", "SETGID", "SETUID"]);
  expect(HostConfig["SecurityOpt"]).toEqual(["no-new-privileges"]);
  expect(JSON.stringify(HostConfig["LogConfig"])).toContain("max-size");
  // Longest grace and 5 s for the runner.
  expect(Config["StopTimeout"]).toBe(12);
  expect(Config["Healthcheck"]).toEqual({ Test: ["NONE"] });
  expect(Config.Labels).toMatchObject({
    team: "core",
    "berth.install": stack.install,
    "berth.project": "web",
    "berth.generation": "1",
  });
});

test("a VOLUME of the image becomes a labelled volume of the project, none is nameless", async () => {
  const { Mounts } = await whole();
  const volumes = Mounts.filter(({ Type }) => Type === "volume");
  expect(volumes.every(({ Name }) => Name?.startsWith(`berth-${stack.install}-`))).toBe(true);
  const store = volumes.find(({ Destination }) => Destination === "/data/store");
  const labels = await stack.docker(
    "volume",
    "inspect",
    "--format",
    '{{index .Labels "berth.project"}}',
    store?.Name ?? "",
  );
  expect(labels).toBe("web");
  expect(volumes.find(({ Destination }) => Destination === "/.berth")?.RW).toBe(false);
});

test("an agent has no capability, no root, no write to the root; its temporary places are there and sized", async () => {
  expect(await inside("id -u; id -g")).toBe("10001\n10001\n");
  const { agents } = await look.healthy("web");
  const status = await inside(`cat /proc/${agents[0]?.pid}/status`);
  expect(status).toMatch(/^Uid:\s+10001\s+10001\s+10001\s+10001$/m);
  for (const set of ["CapInh", "CapPrm", "CapEff", "CapAmb"])
    expect(status).toMatch(new RegExp(`^${set}:\\s+0+$`, "m"));
  expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
  expect(status).toMatch(/^Seccomp:\s+2$/m);
  expect((await stack.berth("exec", "web", "--", "touch", "/etc/mine")).code).not.toBe(0);
  expect(await inside("ulimit -n")).toBe("512\n");
  const mounts = await inside("cat /proc/mounts");
  for (const place of ["/tmp", "/var/tmp", "/run", "/dev/shm", "/cache"])
    expect(mounts).toMatch(new RegExp(`^tmpfs ${place} tmpfs .*size=\\d+k,nr_inodes=\\d+`, "m"));
  expect(mounts).toMatch(/^tmpfs \/var\/tmp .*noexec/m);
  expect(mounts).not.toMatch(/^tmpfs \/tmp .*noexec/m);
  expect(
    await inside("stat -c %a /tmp; df -k /dev/shm | tail -1 | tr -s ' ' | cut -d' ' -f2"),
  ).toBe(`1777\n${8 * 1024}\n`);
});

test("when memory runs out, agents go before the runner, and both before what the host runs", async () => {
  const { agents } = await look.healthy("web");
  const scores = await stack.asRoot(
    "web",
    `cat /proc/1/oom_score_adj /proc/${agents[0]?.pid}/oom_score_adj`,
  );
  const [init = 0, agent = 0] = scores.trim().split("\n").map(Number);
  expect(init).toBe(200);
  expect(agent).toBeGreaterThan(init);
});

/** Its agent fills every place in memory that it may write to, with empty files first and then with bytes. */
const FULL = `  full:
    limits: { memory: 64MiB }
    agents:
      fill:
        command:
          - /bin/sh
          - -c
          - |
            for place in /tmp /var/tmp /dev/shm; do
              i=0
              while true > $place/empty-$i; do i=$((i+1)); done 2>/dev/null
              cat /dev/zero > $place/empty-0
            done
            echo filled
            exec sleep 1000
        restart: "no"
      beat: { command: [/bin/sh, -c, "i=0; while :; do i=$((i+1)); echo beat $i; sleep 0.2; done"], restart: "no" }
`;

test("an agent that fills every file in memory gets ENOSPC, and nothing else happens", async () => {
  await stack.ok("apply", "-f", stack.write("full.yaml", host(FULL)), "-y");
  await look.healthy("full");
  const { State } = await look.container("full");
  const logs = (agent: string): Promise<string> => stack.ok("logs", `full/${agent}`);
  await eventually(
    "everything is full",
    async () => ((await logs("fill")).includes("filled") ? true : undefined),
    40_000,
  );
  expect(await logs("fill")).toContain("No space left on device");
  const beats = (await logs("beat")).split("\n").length;
  await eventually("the other agent runs on", async () =>
    (await logs("beat")).split("\n").length > beats + 5 ? true : undefined,
  );
  expect(await stack.ok("exec", "full", "--", "echo", "works")).toBe("works\n");
  const { agents, usage } = await look.healthy("full");
  expect(agents.map(({ state, restarts }) => [state, restarts])).toEqual([
    ["running", 0],
    ["running", 0],
  ]);
  expect(usage.oomKills).toBe(0);
  expect((await look.container("full")).State).toEqual(State);
});

/** As root with everything allowed: the runner, the only child of init, becomes the one the kernel kills when `tail` holds too much. */
const KILL_THE_RUNNER = `
  for each in /proc/[0-9]*; do
    [ "$(awk '/^PPid/ { print $2 }' $each/status)" = 1 ] && score=1000 || score=-1000
    echo $score > $each/oom_score_adj
  done
  head -c 200000000 /dev/zero | tail`;

test("a container that dies because memory ran out is told of and counted once", async () => {
  const { Id, State } = await look.container("full");
  await stack.docker("exec", "--privileged", Id, "sh", "-c", KILL_THE_RUNNER).catch(() => "");
  await eventually("it was started again", async () =>
    (await look.container("full")).State.StartedAt === State.StartedAt ? undefined : true,
  );
  await look.healthy("full");
  const events = await look.events("full");
  expect(events.filter(({ kind }) => kind === "project.oom").map(({ message }) => message)).toEqual(
    ["out of memory in the project, victim unknown: its container died"],
  );
  expect(events.map(({ message }) => message)).toContain(
    "container:full: its main process died when memory ran out",
  );
  await look.until("full", ({ usage }) => usage.oomKills === 1);
  expect(await stack.ok("describe", "full")).toContain("1 OOM kill\n");
  expect(await look.metric("berth_oom_kills_total", 'project="full"')).toBe(1);
  expect(await look.metric("container_oom_events_total", 'project="full"')).toBe(1);
});

test("a kill that its runner told of is not counted again when the container dies of something else", async () => {
  const hog = "head -c 200000000 /dev/zero | tail > /dev/null";
  await stack.berth("exec", "full", "--", "/bin/sh", "-c", hog);
  const told = async () => (await look.events("full")).filter(({ kind }) => kind === "project.oom");
  await eventually("the runner told of it", async () =>
    (await told()).length === 2 ? true : undefined,
  );
  const { Id, State } = await look.container("full");
  await stack.docker("kill", Id);
  await eventually("it was started again", async () =>
    (await look.container("full")).State.StartedAt === State.StartedAt ? undefined : true,
  );
  await look.healthy("full");
  expect(await told()).toHaveLength(2);
  expect(await look.metric("berth_oom_kills_total", 'project="full"')).toBe(2);
});
