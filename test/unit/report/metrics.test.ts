/** Metrics: every name of the contract, nothing of a project that is gone, and a scrape that stays cheap. */
import { expect, test } from "vitest";
import { metricsOf, projectOf, standing } from "../../support/measured.ts";

const CONTRACT = [
  "container_cpu_usage_seconds_total",
  "container_memory_working_set_bytes",
  "container_spec_memory_limit_bytes",
  "container_spec_cpu_quota",
  "container_spec_cpu_period",
  "container_memory_usage_bytes",
  "container_threads",
  "container_cpu_cfs_throttled_seconds_total",
  "container_oom_events_total",
  "berth_project_state",
  "berth_agents",
  "berth_needs_you",
  "berth_agent_restarts_total",
  "berth_oom_kills_total",
  "berth_tasks_total",
  "berth_queue_depth",
  "berth_queue_oldest_seconds",
  "berth_task_wait_seconds",
  "berth_reconcile_duration_seconds",
  "berth_drift_total",
  "berth_quota_limit",
  "berth_quota_used",
  "berth_leader",
  "berth_epoch",
  "berth_breaker_state",
  "berth_docker_request_duration_seconds",
  "berth_events_stream_connected",
  "berth_build_info",
];

test.each(CONTRACT)("%s is told", async (name) => {
  const text = await metricsOf(standing(2)).text();
  expect(text).toMatch(new RegExp(`^${name}(_bucket)?(\\{.*\\})? [0-9.e+]+$`, "m"));
});

test("the container's own series has no agent, an agent's has", async () => {
  const text = await metricsOf(standing(1)).text();
  expect(text).toContain('container_cpu_usage_seconds_total{project="p0"} 90');
  expect(text).toContain('container_cpu_usage_seconds_total{project="p0",agent="a1"} 20');
});

test("an unheard project has limits but no use", async () => {
  const text = await metricsOf({ ...standing(1), sample: () => null }).text();
  expect(text).toContain('container_spec_memory_limit_bytes{project="p0"}');
  expect(text).not.toContain("container_memory_working_set_bytes{");
});

test("restarts, OOM kills and waits begin at 0, so that the first one is an increase", async () => {
  const text = await metricsOf(standing(1), false).text();
  expect(text).toContain('berth_agent_restarts_total{project="p0",agent="a0"} 0');
  expect(text).toContain('berth_oom_kills_total{project="p0"} 0');
  expect(text).toContain('berth_task_wait_seconds_count{project="p0"} 0');
});

test("no series of a project stays when it goes, whoever removed it", async () => {
  let projects = [projectOf("gone"), projectOf("p0")];
  const metrics = metricsOf({ ...standing(1), projects: () => projects });
  metrics.taskWaited("gone", 1);
  metrics.taskEnded("gone", "succeeded");
  metrics.drift("gone", "stop-container");
  metrics.restarted("gone", "a0");
  metrics.oom("gone", 1);
  expect((await metrics.text()).match(/project="gone"/g)?.length).toBeGreaterThan(20);
  projects = [projectOf("p0")];
  const text = await metrics.text();
  expect(text).not.toContain('project="gone"');
  expect(text).toContain('project="p0"');
});

test("100 projects with 500 agents are told in 50 ms of CPU and 1 MiB", async () => {
  const metrics = metricsOf(standing(100));
  const costs: number[] = [];
  let size = 0;
  for (let round = 0; round < 7; round += 1) {
    const before = process.cpuUsage();
    size = Buffer.byteLength(await metrics.text());
    const { user, system } = process.cpuUsage(before);
    costs.push((user + system) / 1_000);
  }
  expect(Math.min(...costs)).toBeLessThan(50);
  expect(size).toBeLessThan(1_048_576);
});
