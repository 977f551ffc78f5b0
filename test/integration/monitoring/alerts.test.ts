/** Alert rules: each fires when it should, stays silent when it should, and says what to do. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { load } from "js-yaml";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { promtool } from "./promtool.ts";

interface Rule {
  readonly alert?: string;
  readonly labels?: Readonly<{ severity?: string }>;
  readonly annotations?: Readonly<{ summary?: string; action?: string; runbook?: string }>;
}

interface Case {
  /** Series and their values over time, a value a minute, in promtool's notation. */
  readonly fires: Readonly<Record<string, string>>;
  readonly silent: Readonly<Record<string, string>>;
  /** Labels of the alert besides its severity. */
  readonly labels: Readonly<Record<string, string>>;
  readonly severity: "critical" | "warning";
}

const mode = (name: string): Omit<Case, "severity"> => ({
  fires: { [`berth_mode{mode="${name}"}`]: "1x60" },
  silent: { [`berth_mode{mode="${name}"}`]: "0x60" },
  labels: { mode: name },
});

const CASES: Readonly<Record<string, Case>> = {
  BerthDaemonDown: {
    fires: { 'up{job="berth"}': "0x60" },
    silent: { 'up{job="berth"}': "1x60" },
    labels: { job: "berth" },
    severity: "critical",
  },
  BerthEngineDown: { ...mode("engine-gone"), severity: "critical" },
  BerthNotLeading: {
    fires: { 'berth_leader{instance="a"}': "0x60", 'berth_leader{instance="b"}': "0x60" },
    silent: { 'berth_leader{instance="a"}': "1x60", 'berth_leader{instance="b"}': "0x60" },
    labels: {},
    severity: "critical",
  },
  BerthStoreDegraded: { ...mode("postgres-gone"), severity: "critical" },
  BerthProtectionDegraded: { ...mode("firewall-unverified"), severity: "critical" },
  BerthDiskLow: {
    fires: { berth_disk_free_bytes: "10x60", berth_disk_reserve_bytes: "11x60" },
    silent: { berth_disk_free_bytes: "11x60", berth_disk_reserve_bytes: "11x60" },
    labels: {},
    severity: "critical",
  },
  BerthReconcileFailing: {
    fires: {
      'berth_reconcile_duration_seconds_count{pass="host",ok="false"}': "0+4x60",
      'berth_reconcile_duration_seconds_count{pass="host",ok="true"}': "0+2x60",
    },
    silent: {
      'berth_reconcile_duration_seconds_count{pass="host",ok="false"}': "0+2x60",
      'berth_reconcile_duration_seconds_count{pass="host",ok="true"}': "0+4x60",
    },
    labels: { pass: "host" },
    severity: "critical",
  },
  BerthBreakerOpen: {
    fires: { 'berth_breaker_state{name="redis"}': "2x60" },
    silent: { 'berth_breaker_state{name="redis"}': "1x60" },
    labels: { name: "redis" },
    severity: "warning",
  },
  BerthProjectUnhealthy: {
    fires: { 'berth_project_health{project="web",health="unhealthy"}': "1x60" },
    silent: { 'berth_project_health{project="web",health="healthy"}': "1x60" },
    labels: { project: "web", health: "unhealthy" },
    severity: "warning",
  },
  BerthCrashLoop: {
    fires: { 'berth_agents{project="web",agent="server",state="crash-loop"}': "1x60" },
    silent: { 'berth_agents{project="web",agent="server",state="backoff"}': "1x60" },
    labels: { project: "web", agent: "server" },
    severity: "warning",
  },
  BerthOutOfMemory: {
    fires: { 'berth_oom_kills_total{project="web"}': "0x50 1x10" },
    silent: { 'berth_oom_kills_total{project="web"}': "3x60" },
    labels: { project: "web" },
    severity: "warning",
  },
  BerthNearMemoryLimit: {
    fires: {
      'container_memory_working_set_bytes{project="web"}': "95x60",
      'container_spec_memory_limit_bytes{project="web"}': "100x60",
    },
    silent: {
      'container_memory_working_set_bytes{project="web"}': "89x60",
      'container_spec_memory_limit_bytes{project="web"}': "100x60",
    },
    labels: { project: "web" },
    severity: "warning",
  },
  BerthThrottled: {
    fires: {
      'container_cpu_cfs_throttled_seconds_total{project="web"}': "0+40x60",
      'container_cpu_usage_seconds_total{project="web"}': "0+30x60",
    },
    silent: {
      'container_cpu_cfs_throttled_seconds_total{project="web"}': "0+20x60",
      'container_cpu_usage_seconds_total{project="web"}': "0+30x60",
      // An agent's share is part of its container's: counted twice it would hide throttling.
      'container_cpu_usage_seconds_total{project="web",agent="server"}': "0+30x60",
    },
    labels: { project: "web" },
    severity: "warning",
  },
  BerthQueueOld: {
    fires: { 'berth_queue_oldest_seconds{project="web"}': "901x60" },
    silent: { 'berth_queue_oldest_seconds{project="web"}': "899x60" },
    labels: { project: "web" },
    severity: "warning",
  },
};

const rulesText = readFileSync("compose/prometheus/rules/alerts.yml", "utf8");
const rules = (load(rulesText) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);
const readme = readFileSync("README.md", "utf8");
let directory = "";
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "berth-alerts-"));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** What promtool says of one alert after 55 minutes over the series: firing with exactly these labels, or (null) not even pending. */
async function looked(
  alert: string,
  series: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>> | null,
): Promise<string> {
  const file = join(directory, `${alert}-${labels === null ? "silent" : "fires"}.yml`);
  const shown = Object.entries({ alertname: alert, alertstate: "firing", ...labels })
    .map(([name, value]) => `${name}="${value}"`)
    .join(", ");
  const recorded = ["recording", "alerts"].map((name) =>
    resolve(`compose/prometheus/rules/${name}.yml`),
  );
  const look = {
    // Of the alert itself, because promtool would compare the texts of annotations too.
    expr: `ALERTS{alertname="${alert}"}`,
    eval_time: "55m",
    exp_samples: labels === null ? [] : [{ labels: `ALERTS{${shown}}`, value: 1 }],
  };
  const input = Object.entries(series).map(([name, values]) => ({ series: name, values }));
  const tests = [{ interval: "1m", input_series: input, promql_expr_test: [look] }];
  writeFileSync(file, JSON.stringify({ rule_files: recorded, evaluation_interval: "1m", tests }));
  const { code, text } = await promtool(["test", "rules", file]);
  return code === 0 ? "as expected" : text;
}

test("the configuration and every rule are valid", async () => {
  const config = await promtool([
    "check",
    "config",
    "--syntax-only",
    "compose/prometheus/prometheus.yml",
  ]);
  expect(config).toMatchObject({ code: 0 });
  for (const name of ["recording", "alerts"])
    expect(
      await promtool(["check", "rules", `compose/prometheus/rules/${name}.yml`]),
    ).toMatchObject({ code: 0 });
});

test("every alert has a case here", () => {
  expect(new Set(rules.map(({ alert }) => alert))).toEqual(new Set(Object.keys(CASES)));
});

describe.each(rules.map((rule) => ({ name: rule.alert ?? "", rule })))(
  "$name",
  ({ name, rule }) => {
    const of = CASES[name];
    test("has a severity, says what to do, and is in the runbook", () => {
      expect(rule.labels?.severity).toBe(of?.severity);
      expect(rule.annotations?.summary?.length).toBeGreaterThan(20);
      expect(rule.annotations?.action?.length).toBeGreaterThan(20);
      expect(readme.slice(readme.indexOf("## Runbook"))).toContain(`| \`${name}\` |`);
    });
    test("fires when it should and only then", async () => {
      if (of === undefined) throw new Error("no case");
      expect(await looked(name, of.silent, null)).toBe("as expected");
      const fired = await looked(name, of.fires, { severity: of.severity, ...of.labels });
      expect(fired).toBe("as expected");
    });
  },
);
