/** Metrics of the host and of the daemon itself: leadership, stores, modes, queue, budget, disk, what the daemon uses. */
import type { ModeName } from "../model/view.ts";
import type { DaemonSample, MetricsSources } from "./metrics-sources.ts";
import type { Fill } from "./project-gauges.ts";
import type { Makers } from "./series.ts";

const BREAKER = { closed: 0, "half-open": 1, open: 2 } as const;
const MODES: Readonly<Record<ModeName, true>> = {
  "engine-gone": true,
  "redis-gone": true,
  "postgres-gone": true,
  "repairs-waiting": true,
  "disk-low": true,
  "firewall-unverified": true,
  standby: true,
  "foreign-install": true,
  "mass-orphans": true,
  "declaration-refused": true,
};

export function hostGauges(make: Makers): Fill {
  const fills = [standingGauges(make), queueGauges(make), hostSpace(make)];
  const own = daemonSeries(make);
  return (sources) => {
    for (const fill of fills) fill(sources);
    own(sources.daemon(), [sources.outboxWaiting(), sources.usageDropped()]);
  };
}

function standingGauges({ gauge }: Makers): (sources: MetricsSources) => void {
  const leader = gauge("berth_leader", "1 while this daemon leads.");
  const epoch = gauge("berth_epoch", "Fencing epoch this daemon acts under.");
  const stream = gauge(
    "berth_events_stream_connected",
    "1 while the engine's event stream is connected.",
  );
  const breaker = gauge("berth_breaker_state", "0 closed, 1 half-open, 2 open.", ["name"]);
  const mode = gauge("berth_mode", "1 while the named degraded mode holds.", ["mode"]);
  return (sources) => {
    leader.set(sources.leader() ? 1 : 0);
    epoch.set(sources.epoch() ?? 0);
    stream.set(sources.streamConnected() ? 1 : 0);
    breaker.reset();
    for (const each of sources.breakers()) breaker.set({ name: each.name }, BREAKER[each.state]);
    const held = new Set<string>(sources.modes().map(({ name }) => name));
    for (const name of Object.keys(MODES)) mode.set({ mode: name }, held.has(name) ? 1 : 0);
  };
}

function queueGauges({ gauge }: Makers): (sources: MetricsSources) => void {
  const depth = gauge("berth_queue_depth", "Tasks that wait for a slot.", ["project"]);
  const oldest = gauge("berth_queue_oldest_seconds", "Wait of the oldest waiting task.", [
    "project",
  ]);
  const working = gauge("berth_tasks_running", "Tasks that hold a slot.", ["project"]);
  const all = [depth, oldest, working];
  return (sources) => {
    for (const each of all) each.reset();
    for (const { project, waiting, running, oldestSeconds } of sources.queue()) {
      depth.set({ project }, waiting);
      oldest.set({ project }, oldestSeconds);
      working.set({ project }, running);
    }
  };
}

function hostSpace({ gauge }: Makers): (sources: MetricsSources) => void {
  const limit = gauge("berth_quota_limit", "Budget of the host.", ["resource"]);
  const used = gauge("berth_quota_used", "Part of the budget that is reserved.", ["resource"]);
  const free = gauge("berth_disk_free_bytes", "Free space where the spools are.");
  const reserve = gauge("berth_disk_reserve_bytes", "Space below which nothing new is started.");
  return (sources) => {
    for (const each of [limit, used]) each.reset();
    for (const { resource, ...of } of sources.quota()) {
      limit.set({ resource }, of.limit);
      used.set({ resource }, of.used);
    }
    const disk = sources.disk();
    // Unknown is NaN: a gauge without labels would show 0, which is an alarm.
    free.set(disk?.freeBytes ?? Number.NaN);
    reserve.set(disk?.reserveBytes ?? Number.NaN);
  };
}

function daemonSeries({
  gauge,
  counter,
}: Makers): (own: DaemonSample, stores: readonly [outbox: number, dropped: number]) => void {
  const cpu = counter("process_cpu_seconds_total", "CPU time the daemon used.");
  const active = counter(
    "berth_event_loop_active_seconds_total",
    "Time the daemon's event loop worked.",
  );
  const resident = gauge("process_resident_memory_bytes", "Resident memory of the daemon.");
  const heap = gauge("berth_heap_used_bytes", "JavaScript heap in use by the daemon.");
  const started = gauge("process_start_time_seconds", "When the daemon started.");
  const waiting = gauge("berth_outbox_events", "Events that wait for Postgres.");
  const dropped = counter(
    "berth_usage_dropped_total",
    "Slots of usage history dropped because Postgres was away too long.",
  );
  return (own, [outbox, lost]) => {
    for (const each of [cpu, active, dropped]) each.reset();
    dropped.inc(lost);
    cpu.inc(own.cpuSeconds);
    active.inc(own.loopActiveSeconds);
    resident.set(own.residentBytes);
    heap.set(own.heapBytes);
    started.set(own.startedAt);
    waiting.set(outbox);
  };
}
