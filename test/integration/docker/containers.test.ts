/** Containers on a real engine: made hardened, adopted when ours, left alone when not. */
import { expect, test } from "vitest";
import { AS_CREATED } from "../../../src/model/pinned.ts";
import { BASE_IMAGE, eventually, inside, openHarbour } from "../../support/engine.ts";
import { openCuttableSocket } from "../../support/cuttable-socket.ts";

const MIB = 1024 * 1024;

test("a container has the limits of its spec, in its own cgroup", async () => {
  const harbour = await openHarbour();
  const id = await harbour.container(harbour.spec("web"));
  await harbour.engine.startContainer(id);
  const seen = await harbour.engine.inspect(id);
  expect(seen?.limits).toEqual({
    nanoCpus: 500_000_000,
    memoryBytes: 64 * MIB,
    pids: 64,
    cpuShares: 512,
  });
  const said = await inside(harbour.engine, id, [
    "sh",
    "-c",
    "cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null; cat /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids/pids.max 2>/dev/null; ulimit -n; df -m /dev/shm | tail -1 | tr -s ' ' | cut -d' ' -f2; cat /proc/1/oom_score_adj",
  ]);
  expect(said.stdout.trim().split("\n")).toEqual([String(64 * MIB), "64", "1024", "8", "200"]);
});

test("the container's first process has four capabilities, no new privileges, seccomp and a read-only root", async () => {
  const harbour = await openHarbour();
  const id = await harbour.container(harbour.spec("web"));
  await harbour.engine.startContainer(id);
  const said = await inside(harbour.engine, id, [
    "sh",
    "-c",
    "grep -E '^(CapBnd|NoNewPrivs|Seccomp):' /proc/1/status; touch /x 2>/dev/null || echo read-only; printf '#!/bin/sh\\necho ran' >/tmp/x; chmod +x /tmp/x; /tmp/x; id -u; ip link 2>/dev/null; ls /sys/class/net",
  ]);
  const lines = said.stdout.trim().split("\n");
  // CHOWN is bit 0, KILL 5, SETGID 6, SETUID 7.
  expect(lines).toContain("CapBnd:\t00000000000000e1");
  expect(lines).toContain("NoNewPrivs:\t1");
  expect(lines).toContain("Seccomp:\t2");
  expect(lines).toContain("read-only");
  expect(lines).toContain("ran");
});

test("an image's own health check, command and stop signal have no say", async () => {
  const harbour = await openHarbour();
  const id = await harbour.container(harbour.spec("web"));
  const { Config: config, HostConfig: host } = await harbour.raw.getContainer(id).inspect();
  expect(config.Healthcheck).toEqual({ Test: ["NONE"] });
  expect(config.Cmd ?? null).toBeNull();
  expect(config).toMatchObject({ StopTimeout: 7, StopSignal: "SIGTERM" });
  expect(host.RestartPolicy?.Name).toBe("no");
  expect(host.LogConfig).toMatchObject({
    Type: "local",
    Config: { "max-size": "1m", "max-file": "1" },
  });
  expect(config.Labels).toMatchObject({
    team: "core",
    "berth.install": harbour.own.install,
    "berth.install-uid": harbour.own.installUid,
    "berth.project": "web",
    "berth.generation": "3",
    "berth.spec-hash": "a1b2c3",
    "berth.epoch": "1",
  });
});

test("eight creates of one container make one container", async () => {
  const harbour = await openHarbour();
  const spec = harbour.spec("web");
  const once = (): Promise<string> =>
    harbour
      .container(spec)
      .catch(() => eventually("adopted", () => harbour.container(spec).catch(() => null)));
  const ids = await Promise.all(Array.from({ length: 8 }, once));
  expect(new Set(ids).size).toBe(1);
});

test("a container of ours with another spec hash, and one of another install, are not adopted and stay untouched", async () => {
  const harbour = await openHarbour();
  const id = await harbour.container(harbour.spec("web"));
  const taken = { kind: "rejected", code: "docker.name-taken" };
  await expect(
    harbour.engine.createContainer(harbour.spec("web", { specHash: "other" }), harbour.own),
  ).rejects.toMatchObject(taken);
  const stranger = { ...harbour.own, installUid: "somebody-else" };
  await expect(harbour.engine.createContainer(harbour.spec("web"), stranger)).rejects.toMatchObject(
    taken,
  );
  const foreign = await harbour.raw.createContainer({
    name: harbour.name("api"),
    Image: BASE_IMAGE,
    Cmd: ["true"],
  });
  harbour.reapLater("container", foreign.id);
  const before = await foreign.inspect();
  await expect(
    harbour.engine.createContainer(harbour.spec("api"), harbour.own),
  ).rejects.toMatchObject(taken);
  expect(await foreign.inspect()).toEqual(before);
  expect((await harbour.engine.inspect(id))?.id).toBe(id);
});

test("a create whose answer was lost is found and adopted by the next one", async () => {
  const harbour = await openHarbour();
  const socket = await openCuttableSocket();
  try {
    const door = harbour.open({ dockerHost: socket.dockerHost });
    await door.ping();
    socket.loseAnswers(true);
    const lost = door.createContainer(harbour.spec("web"), harbour.own);
    const listed = await eventually("the engine made it all the same", async () =>
      (await harbour.engine.snapshot()).containers.find(
        (each) => each.name === harbour.name("web"),
      ),
    );
    socket.loseAnswers(false);
    socket.cut();
    await expect(lost).rejects.toMatchObject({ kind: "transient", code: "docker.unreachable" });
    expect(await harbour.container(harbour.spec("web"))).toBe(listed.id);
  } finally {
    await socket.close();
  }
});

test("what processes shared in memory does not outlive them, or is little", async () => {
  const harbour = await openHarbour();
  const id = await harbour.container(harbour.spec("web"));
  await harbour.engine.startContainer(id);
  const said = await inside(harbour.engine, id, [
    "perl",
    "-e",
    `my $size = 20 * 2 ** 20;
     my $shared = shmget(0, $size, 01600) // die;
     shmwrite($shared, "x" x $size, 0, $size) or die;
     my ($queues, $sets) = (0, 0);
     for (1 .. 500) {
       my $queue = msgget(0, 01600) // last;
       msgsnd($queue, pack("l! a*", 1, "x" x 8000), 04000) for 1 .. 2;
       $queues++;
     }
     for (1 .. 500) { semget(0, 250, 01600) // last; $sets++ }
     print "$queues $sets";`,
  ]);
  expect(said).toMatchObject({ exitCode: 0, stdout: "32 128" });
  const left = await inside(harbour.engine, id, [
    "sh",
    "-c",
    "grep -c . /proc/sysvipc/shm; cat /sys/fs/cgroup/memory.current /sys/fs/cgroup/memory/memory.usage_in_bytes 2>/dev/null",
  ]);
  const [segments, bytes] = left.stdout.trim().split("\n").map(Number);
  // The list's headline alone.
  expect(segments).toBe(1);
  expect(bytes).toBeLessThan(10 * MIB);
});

test("an engine that does not answer is a timeout within the deadline, not a hang", async () => {
  const harbour = await openHarbour();
  const socket = await openCuttableSocket();
  try {
    const door = harbour.open({ dockerHost: socket.dockerHost });
    socket.loseAnswers(true);
    const from = performance.now();
    await expect(door.inspect("nobody")).rejects.toMatchObject({
      kind: "transient",
      code: "docker.timeout",
    });
    expect(performance.now() - from).toBeLessThan(7_000);
  } finally {
    await socket.close();
  }
});

test("no engine at the socket is docker.unreachable", async () => {
  const harbour = await openHarbour();
  const door = harbour.open({ dockerHost: "unix:///nonexistent/docker.sock" });
  await expect(door.ping()).rejects.toMatchObject({
    kind: "transient",
    code: "docker.unreachable",
  });
});

test("every verb takes already so for done", async () => {
  const harbour = await openHarbour();
  const { engine } = harbour;
  const id = await harbour.container(harbour.spec("web"));
  await engine.startContainer(id);
  await engine.startContainer(id);
  await engine.pauseContainer(id);
  await engine.pauseContainer(id);
  await engine.thawContainer(id);
  await engine.thawContainer(id);
  const commands = ["sh", "-c", "cat /proc/[0-9]*/comm"];
  await eventually("its trap is set", async () =>
    (await inside(engine, id, commands)).stdout.includes("sleep\n"),
  );
  await engine.stopContainer(id, 5_000);
  expect((await engine.inspect(id))?.exitCode).toBe(0);
  await engine.stopContainer(id, 5_000);
  await engine.startContainer(id);
  await engine.killContainer(id);
  await eventually("it is dead", async () => (await engine.inspect(id))?.exitCode === 137);
  await engine.killContainer(id);
  await engine.removeContainer(id);
  await engine.removeContainer(id);
  await engine.killContainer(id);
  await engine.stopContainer(id, 1_000);
  expect(await engine.inspect(id)).toBeNull();
  await expect(engine.startContainer(id)).rejects.toMatchObject({
    kind: "conflict",
    code: "docker.not-found",
  });
});

test("limits change in place, memory together with swap", async () => {
  const harbour = await openHarbour();
  const { engine } = harbour;
  const id = await harbour.container(harbour.spec("web"));
  await engine.startContainer(id);
  const limits = { nanoCpus: 1_000_000_000, memoryBytes: 128 * MIB, pids: 96, cpuShares: 1024 };
  const before = await engine.inspect(id);
  await engine.updateContainer(id, limits);
  const after = await engine.inspect(id);
  expect(after?.limits).toEqual(limits);
  expect(after?.pid).toBe(before?.pid);
  expect((await harbour.raw.getContainer(id).inspect()).HostConfig.MemorySwap).toBe(128 * MIB);
});

const FOREIGN = [
  // runc takes no swap limit without the memory limit on cgroup v2
  {
    what: "swap",
    change: { Memory: 64 * MIB, MemorySwap: 400 * MIB },
    seen: { swapBytes: 336 * MIB },
  },
  { what: "unlimited swap", change: { MemorySwap: -1 }, seen: { swapBytes: null } },
  {
    what: "restart policy",
    change: { RestartPolicy: { Name: "always" } },
    seen: { restartPolicy: "always" },
  },
  { what: "cpuset", change: { CpusetCpus: "0" }, seen: { cpuset: "0" } },
  {
    what: "memory reservation",
    change: { MemoryReservation: 50 * MIB },
    seen: { reservationBytes: 50 * MIB },
  },
];

test.each(FOREIGN)(
  "a foreign $what is seen, and undone with the limits",
  async ({ change, seen }) => {
    const harbour = await openHarbour();
    const { engine } = harbour;
    const spec = harbour.spec("web");
    const id = await harbour.container(spec);
    await engine.startContainer(id);
    expect((await engine.inspect(id))?.pinned).toEqual(AS_CREATED);
    await harbour.raw.getContainer(id).update(change);
    const touched = await engine.inspect(id);
    expect(touched).toMatchObject({ pinned: { ...AS_CREATED, ...seen }, limits: spec.limits });
    await engine.updateContainer(id, spec.limits);
    expect(await engine.inspect(id)).toEqual({ ...touched, pinned: AS_CREATED });
  },
);

test("an image nobody has cannot be had", async () => {
  const harbour = await openHarbour();
  expect(await harbour.engine.imageFacts("berth.invalid/nobody/has:this")).toBeNull();
  await expect(harbour.engine.ensureImage("berth.invalid/nobody/has:this")).rejects.toMatchObject({
    code: expect.stringMatching(/^docker\.(?:registry-unreachable|image-missing)$/),
  });
  await expect(
    harbour.engine.createContainer(
      harbour.spec("web", { image: "berth.invalid/x:1" }),
      harbour.own,
    ),
  ).rejects.toMatchObject({
    kind: "rejected",
    code: "docker.image-missing",
  });
});

test("one snapshot is three list calls and shows what is ours and what is not", async () => {
  const harbour = await openHarbour();
  const asked: string[] = [];
  const door = harbour.open({ onRequest: (record) => asked.push(record.operation) });
  const networkId = await harbour.network("web");
  const id = await harbour.container(harbour.spec("web", { networkName: harbour.name("web") }));
  await harbour.engine.startContainer(id);
  const foreign = await harbour.raw.createContainer({
    name: `foreign-${harbour.own.install}`,
    Image: BASE_IMAGE,
    Cmd: ["true"],
  });
  harbour.reapLater("container", foreign.id);
  const { containers, networks } = await door.snapshot();
  expect(asked.toSorted()).toEqual(["list containers", "list networks", "list volumes"]);
  expect(containers.find((each) => each.id === id)).toMatchObject({
    name: harbour.name("web"),
    state: "running",
    image: BASE_IMAGE,
    networkIds: [networkId],
    networkNames: [harbour.name("web")],
    own: {
      install: harbour.own.install,
      project: "web",
      generation: 3,
      specHash: "a1b2c3",
      epoch: 1,
    },
  });
  expect(containers.find((each) => each.id === foreign.id)?.own.install).toBeNull();
  expect(networks.find((each) => each.id === networkId)).toMatchObject({
    internal: true,
    egress: "none",
    own: { project: "web" },
  });
});
