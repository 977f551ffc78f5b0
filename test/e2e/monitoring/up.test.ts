/** `scripts/up --monitoring` as a user runs it: Prometheus from its image or Debian's package, scraping, with rules; and all of it gone again. */
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort, type Sample } from "../../support/prometheus.ts";
import { host, sleeper } from "../../support/samples.ts";
import { type CliResult, eventually, run } from "../../support/stack.ts";

const SCRIPT = new URL("../../../scripts/up", import.meta.url).pathname;
/** Images are there already; the first scrape comes within 15 s. */
const SOON_MS = 120_000;

const install = `u${randomBytes(4).toString("hex")}`;
const directory = mkdtempSync(join(tmpdir(), "berth-up-"));
let port: number;
let env: NodeJS.ProcessEnv;
let first: CliResult;

beforeAll(async () => {
  port = await freePort();
  const config = join(directory, "berth.yaml");
  writeFileSync(config, host(sleeper("web")));
  mkdirSync(join(directory, "run"));
  env = {
    ...process.env,
    BERTH_INSTALL: install,
    BERTH_CONFIG: config,
    BERTH_SOCKET_DIR: join(directory, "run"),
    BERTH_PORT: String(await freePort()),
    BERTH_PROMETHEUS_PORT: String(port),
    BERTH_GRAFANA_PORT: String(await freePort()),
  };
  first = await up("--yes", "--monitoring");
}, 900_000);
afterAll(async () => {
  await up("--down", "--volumes");
  rmSync(directory, { recursive: true, force: true });
}, 300_000);

const up = (...words: string[]): Promise<CliResult> => run(SCRIPT, words, env);

async function answered(path: string): Promise<unknown> {
  const url = `http://127.0.0.1:${port}/api/v1/${path}`;
  const answer = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  return answer.json();
}
async function query(expr: string): Promise<readonly Sample[]> {
  const { data } = (await answered(`query?query=${encodeURIComponent(expr)}`)) as {
    data: { result: readonly Sample[] };
  };
  return data.result;
}
/** Ids of what compose made and what the daemon made. */
async function objects(): Promise<readonly string[]> {
  const kinds = [
    ["ps", "-aq"],
    ["volume", "ls", "-q"],
    ["network", "ls", "-q"],
  ] as const;
  const labels = [`com.docker.compose.project=berthd-${install}`, `berth.install=${install}`];
  const found: string[] = [];
  for (const kind of kinds)
    for (const label of labels) {
      const { stdout } = await run("docker", [...kind, "--no-trunc", "--filter", `label=${label}`]);
      found.push(...stdout.split("\n").filter((line) => line !== ""));
    }
  return [...new Set(found)].toSorted();
}

test("it ends well, and says where to look", () => {
  expect([first.code, first.stderr]).toEqual([0, expect.anything()]);
  expect(first.stdout).toContain(`metrics  http://127.0.0.1:${port}/alerts`);
  // Grafana has no package in Debian: it is there, or its absence is said
  const grafana = first.stdout.includes("grafana  http://");
  expect(grafana || /going on without Grafana/.test(first.stderr + first.stdout)).toBe(true);
});

test("Prometheus scrapes the daemon with its token, and projects show in it", async () => {
  await eventually(
    "the daemon is scraped",
    async () => (await query('up{job="berth"} == 1'))[0],
    SOON_MS,
  );
  const state = 'berth_project_state{project="web",state="active"} == 1';
  const seen = await eventually("it is seen", async () => (await query(state))[0], SOON_MS);
  expect(seen.metric).toMatchObject({ project: "web", state: "active" });
});

interface Rule {
  readonly name: string;
  readonly type: string;
  readonly health: string;
  readonly lastError?: string;
}

test("its rules and alerts are loaded and evaluated without a fault", async () => {
  const rules = await eventually(
    "every rule was evaluated",
    async () => {
      const { data } = (await answered("rules")) as {
        data: { groups: readonly { rules: readonly Rule[] }[] };
      };
      const all = data.groups.flatMap((group) => group.rules);
      return all.length > 0 && all.every(({ health }) => health !== "unknown") ? all : undefined;
    },
    SOON_MS,
  );
  expect(rules.filter(({ health }) => health !== "ok")).toEqual([]);
  const alerts = rules.filter(({ type }) => type === "alerting").map(({ name }) => name);
  expect(alerts).toEqual(expect.arrayContaining(["BerthDaemonDown", "BerthDiskLow"]));
  expect(rules.some(({ type }) => type === "recording")).toBe(true);
});

test("a second run changes nothing", async () => {
  const before = await objects();
  expect((await up("--yes", "--monitoring")).code).toBe(0);
  expect(await objects()).toEqual(before);
}, 300_000);

test("taken down with its volumes, nothing of it is left", async () => {
  expect((await objects()).length).toBeGreaterThan(5);
  expect((await up("--down", "--volumes")).code).toBe(0);
  expect(await objects()).toEqual([]);
  await expect(answered("rules")).rejects.toThrow("fetch failed");
}, 300_000);
