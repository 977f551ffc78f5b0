/** Desired state of one project: names, mounts, limits, labels, fingerprints, and what the runner is told. */
import { expect, test } from "vitest";
import { bridgeName, imageVolumeKey } from "../../../src/desired/names.ts";
import type { ProjectRecord } from "../../../src/model/project-record.ts";
import type { ProjectSpec } from "../../../src/model/project.ts";
import {
  desired,
  IMAGE,
  MIB,
  sampleAgent,
  sampleRecord,
  sampleSpec,
} from "../../support/project-samples.ts";

const web = desired(sampleRecord());
const withSpec = (change: Partial<ProjectSpec>, record: Partial<ProjectRecord> = {}) =>
  desired(sampleRecord({ spec: sampleSpec(change), ...record }));

test("container and network have the project's name, volumes its name and their key", () => {
  expect(web).toMatchObject({
    objectName: "berth-main-web",
    container: { name: "berth-main-web", networkName: "berth-main-web" },
    network: { name: "berth-main-web", subnet: "10.201.0.0/28", egress: "none" },
    volumes: [{ name: "berth-main-web.data", key: "data" }],
  });
});

test("a bridge's name keeps the install's prefix and fits a kernel interface", () => {
  expect(bridgeName("bm-", "web")).toMatch(/^bm-[0-9a-f]{12}$/);
  expect(bridgeName("berth-main", "web")).toHaveLength(15);
  expect(bridgeName("bm-", "web")).not.toBe(bridgeName("bm-", "api"));
});

test("runner, spool and workspace are mounted, the runner read-only, the spool as the project's own directory", () => {
  expect(web.container?.mounts).toEqual([
    {
      kind: "volume",
      source: "berth-main-runner-abc",
      target: "/.berth",
      readOnly: true,
      subpath: null,
    },
    {
      kind: "volume",
      source: "berth-main-spool",
      target: "/run/berth",
      readOnly: false,
      subpath: "web",
    },
    {
      kind: "volume",
      source: "berth-main-web.data",
      target: "/workspace",
      readOnly: false,
      subpath: null,
    },
  ]);
});

test("a path workspace is bound, and needs no volume", () => {
  const record = sampleRecord({
    spec: sampleSpec({ workspace: { kind: "path", path: "/srv/web" } }),
  });
  const made = desired(record, { workspaceOwner: { uid: 1000, gid: 1000 } });
  expect(made.volumes).toEqual([]);
  expect(made.container?.mounts[2]).toMatchObject({
    kind: "bind",
    source: "/srv/web",
    target: "/workspace",
  });
  expect(made.runnerConfig?.workspaceOwner).toEqual({ uid: 1000, gid: 1000 });
});

test("a git workspace is a volume, and the runner is told what to clone", () => {
  const made = withSpec({
    workspace: { kind: "git", url: "https://example.org/x.git", ref: "main", volume: "code" },
  });
  expect(made.volumes).toEqual([{ name: "berth-main-web.code", key: "code" }]);
  expect(made.runnerConfig?.git).toEqual({ url: "https://example.org/x.git", ref: "main" });
});

test("VOLUME paths of the image become project volumes, but not where something is mounted already", () => {
  const volumes = ["/var/lib/data/", "/workspace", "/tmp", "/", "/cache"];
  const made = desired(sampleRecord({ spec: sampleSpec({ tmpfs: ["/cache"] }) }), {
    image: { ...IMAGE, volumes },
  });
  const key = imageVolumeKey("/var/lib/data");
  expect(made.volumes.map((volume) => volume.key)).toEqual(["data", key]);
  expect(made.container?.mounts.at(-1)).toMatchObject({
    source: `berth-main-web.${key}`,
    target: "/var/lib/data",
  });
  expect(key).toMatch(/^image-var-lib-data-[0-9a-f]{6}$/);
  expect(imageVolumeKey("/a/b")).not.toBe(imageVolumeKey("/a-b"));
});

test("temporary directories are sized, only /tmp may execute, declared ones are added", () => {
  const tmpfs = withSpec({ tmpfs: ["/cache"] }).container?.tmpfs ?? [];
  expect(tmpfs.map(({ target }) => target)).toEqual([
    "/tmp",
    "/var/tmp",
    "/run",
    "/dev/shm",
    "/cache",
  ]);
  expect(
    tmpfs.filter(({ options }) => !options.includes("noexec")).map(({ target }) => target),
  ).toEqual(["/tmp"]);
  expect(tmpfs[0]?.options).toContain("mode=1777");
});

const limitsFor = (weight: number) =>
  withSpec({ weight, limits: { ...sampleSpec().limits, cpus: 1.5 } }).container?.limits;

test("limits are in the engine's units, and shares keep the ratio of weights", () => {
  expect(limitsFor(1)).toEqual({
    nanoCpus: 1_500_000_000,
    memoryBytes: 512 * MIB,
    pids: 256,
    cpuShares: 256,
  });
  expect(limitsFor(1000)?.cpuShares).toBe(256_000);
});

test("the memory limit is what was granted, not what was asked for", () => {
  const allocation = {
    project: "web",
    admitted: true,
    memoryBytes: 256 * MIB,
    waiting: "capacity: full",
  };
  const made = desired(sampleRecord(), { allocation });
  expect(made.container?.limits.memoryBytes).toBe(256 * MIB);
  expect(made).toMatchObject({ admitted: true, waiting: ["capacity: full"] });
});

test("the container outlives its slowest agent's grace by five seconds", () => {
  const agents = {
    a: sampleAgent("a", { stopGraceMs: 2_000 }),
    b: sampleAgent("b", { stopGraceMs: 30_500 }),
  };
  expect(withSpec({ agents })).toMatchObject({
    stopGraceMs: 35_500,
    container: { stopTimeoutSeconds: 36 },
  });
});

test("labels are the operator's and ours", () => {
  expect(withSpec({ labels: { team: "core" } }).container?.labels).toEqual({
    team: "core",
    "berth.install": "main",
    "berth.install-uid": "uid-1",
    "berth.project": "web",
    "berth.generation": "1",
    "berth.spec-hash": expect.stringContaining("image."),
    "berth.epoch": "7",
  });
});

test("what changes live or is told to the runner keeps the spec hash", () => {
  const { limits } = sampleSpec();
  const same = [
    withSpec({ limits: { ...limits, cpus: 3, memoryBytes: MIB, pids: 9 } }),
    withSpec({ weight: 9, priority: 9, environment: { A: "1" }, secrets: ["KEY"] }),
    withSpec({ agents: { other: sampleAgent("other", { stopGraceMs: 99_000 }) } }),
    withSpec({}, { generation: 9 }),
  ];
  for (const made of same) expect(made.container?.specHash).toBe(web.container?.specHash);
});

test("what only a new container can have changes the spec hash", () => {
  const { limits } = sampleSpec();
  const others = [
    withSpec({ image: "node:27" }),
    withSpec({ labels: { team: "core" } }),
    withSpec({ tmpfs: ["/cache"] }),
    withSpec({ security: { readOnlyRoot: false } }),
    withSpec({ limits: { ...limits, nofile: 9 } }),
    withSpec({ limits: { ...limits, shmBytes: 9 } }),
    withSpec({ workspace: { kind: "volume", volume: "other" } }),
    desired(sampleRecord(), { image: { ...IMAGE, volumes: ["/data"] } }),
  ].map((made) => made.container?.specHash);
  expect(new Set([...others, web.container?.specHash]).size).toBe(others.length + 1);
});

test("a worker has no replicas, whatever was scaled before, and is told from a service that runs none", () => {
  const policy = { min: 0, max: 1, timeoutMs: 1000, retries: { max: 0, backoffMs: 0 } };
  const worker = { a: sampleAgent("a", { replicas: 0, task: policy }) };
  const config = withSpec({ agents: worker }, { replicas: { a: 2 } }).runnerConfig;
  expect(config?.agents.map(({ replicas }) => replicas)).toEqual([0]);
  const service = withSpec({ agents: { a: sampleAgent("a", { replicas: 0 }) } }).runnerConfig;
  expect(service?.hash).not.toBe(config?.hash);
});

test("the runner's configuration has scaled replicas, none of what was stopped by hand, and the agents' restart serials", () => {
  const agents = { a: sampleAgent("a"), b: sampleAgent("b"), c: sampleAgent("c", { replicas: 2 }) };
  const config = withSpec(
    { agents },
    { replicas: { a: 3, b: 2 }, stoppedAgents: ["b"], restartSerials: { "*": 2, c: 1 } },
  ).runnerConfig;
  expect(config?.agents.map(({ name, replicas }) => [name, replicas])).toEqual([
    ["a", 3],
    ["b", 0],
    ["c", 2],
  ]);
  expect(config?.restartSerials).toEqual({ a: 0, b: 0, c: 1 });
});

test("a restart of the whole project asks for a new container, one of an agent does not", () => {
  const hash = web.container?.specHash;
  expect(withSpec({}, { restartSerials: { "*": 1 } }).container?.specHash).not.toBe(hash);
  expect(withSpec({}, { restartSerials: { beat: 1 } }).container?.specHash).toBe(hash);
});

test("the configuration's hash leaves out generation and epoch, and nothing else", () => {
  const hash = web.runnerConfig?.hash;
  expect(desired(sampleRecord({ generation: 9 })).runnerConfig?.hash).toBe(hash);
  const others = [
    withSpec({ environment: { A: "1" } }),
    withSpec({ secrets: ["KEY"] }),
    withSpec({
      agents: {
        beat: sampleAgent("beat", {
          health: { command: ["true"], intervalMs: 1, timeoutMs: 1, retries: 1, startPeriodMs: 0 },
        }),
      },
    }),
    withSpec({}, { restartSerials: { beat: 1 } }),
    withSpec({}, { stoppedAgents: ["beat"] }),
    desired(sampleRecord(), { image: { ...IMAGE, user: "node" } }),
  ].map((made) => made.runnerConfig?.hash);
  expect(new Set([...others, hash]).size).toBe(others.length + 1);
});

const wishFor = (change: Partial<ProjectRecord>) => desired(sampleRecord(change)).wish;

test("each wanted state is a wish for the container, and removal has no way back", () => {
  expect(wishFor({ wanted: "active" })).toBe("running");
  expect(wishFor({ wanted: "frozen" })).toBe("frozen");
  expect(wishFor({ wanted: "stopped" })).toBe("stopped");
  for (const wanted of ["inactive", "completed", "removed"] as const)
    expect(wishFor({ wanted })).toBe("absent");
  expect(desired(sampleRecord({ wanted: "active", phase: "removing" }))).toMatchObject({
    wish: "absent",
    wanted: "removed",
  });
});

test("what cannot be said yet is null, and the reason is named", () => {
  expect(desired(sampleRecord(), { image: null })).toMatchObject({
    container: null,
    runnerConfig: null,
    waiting: [],
  });
  expect(desired(sampleRecord({ subnet: null }))).toMatchObject({
    container: null,
    network: null,
    waiting: ["network: no subnet allocated yet"],
  });
  expect(desired(sampleRecord(), { allocation: null })).toMatchObject({
    admitted: false,
    waiting: ["capacity: not decided yet"],
  });
});

test("a project that is to be gone wants nothing and waits for nothing", () => {
  const gone = desired(sampleRecord({ wanted: "completed", subnet: null }), { allocation: null });
  expect(gone).toMatchObject({
    container: null,
    network: null,
    runnerConfig: null,
    volumes: [],
    waiting: [],
  });
});
