/** The host at a glance: CPU, memory, the agent pool and how many projects are well. */
import { useComputed } from "@preact/signals";
import { config } from "../config.ts";
import { coresText, countText, percentText, sizeText } from "../format.ts";
import { all, host, queue } from "../live-state.ts";
import { onlyProject } from "../rights.ts";
import { troubleOf } from "../parts/badge.tsx";
import { Meter } from "../parts/meter.tsx";

export function Gauges() {
  return (
    <section class="gauges" aria-label="Host">
      {onlyProject.value === null && <CpuGauge />}
      {onlyProject.value === null && <MemoryGauge />}
      <PoolGauge />
      <ProjectsGauge />
    </section>
  );
}

function CpuGauge() {
  const used = useComputed(() =>
    all.value.reduce((sum, { usage }) => sum + (usage.cpuPercent ?? 0), 0),
  ).value;
  const cpus = host.value?.cpus ?? null;
  const reserve = config.value?.declaration?.host.reserve.cpus ?? 0;
  return (
    <div class="gauge">
      <h2>CPU</h2>
      <p class="figure">
        {coresText(used / 100)}
        <span class="muted"> of {cpus === null ? "–" : coresText(cpus)} CPU</span>
      </p>
      <Meter
        label="CPU of the host used by projects"
        value={used}
        limit={cpus === null ? null : cpus * 100}
        other={reserve * 100}
        text={`${percentText(cpus === null ? null : used / cpus)} used by projects, ${coresText(reserve)} CPU reserved`}
      />
    </div>
  );
}

function MemoryGauge() {
  const known = host.value;
  const used = useComputed(() =>
    all.value.reduce((sum, { usage }) => sum + (usage.memoryBytes ?? 0), 0),
  ).value;
  const total = known?.memoryBytes ?? null;
  const reserve = config.value?.declaration?.host.reserve.memoryBytes ?? 0;
  return (
    <div class="gauge">
      <h2>Memory</h2>
      <p class="figure">
        {sizeText(known?.reservedBytes ?? null)}
        <span class="muted"> of {sizeText(known?.budgetBytes ?? null)} given out</span>
      </p>
      <Meter
        label="Memory given out as limits, of the host's"
        value={known?.reservedBytes ?? null}
        limit={total}
        other={reserve}
        text={`${sizeText(used)} in use, ${sizeText(reserve)} of ${sizeText(total)} reserved`}
      />
    </div>
  );
}

function PoolGauge() {
  const pool = queue.value;
  return (
    <div class="gauge">
      <h2>Agent pool</h2>
      <p class="figure">
        {pool?.taken ?? "–"}
        <span class="muted"> of {pool?.slots ?? "–"} slots</span>
      </p>
      <Meter
        label="Slots of the agent pool taken"
        value={pool?.taken ?? null}
        limit={pool?.slots ?? null}
        plain={true}
        text={pool === null ? "–" : `${countText(pool.waiting, "task")} waiting, ${pool.strategy}`}
      />
    </div>
  );
}

function ProjectsGauge() {
  // as one text: this draws again only when a count moves
  const counts = useComputed(() => {
    const shown = all.value;
    const bad = shown.filter(({ health }) => troubleOf(health) >= 3).length;
    const well = shown.filter(({ health }) => health === "healthy").length;
    const running = shown.reduce((sum, { agents }) => sum + agents.length, 0);
    return `${well} ${bad} ${shown.length} ${running}`;
  });
  const [well = 0, bad = 0, total = 0, agents = 0] = counts.value.split(" ").map(Number);
  return (
    <div class="gauge">
      <h2>Projects</h2>
      <p class="figure">
        {well}
        <span class="muted"> of {total} healthy</span>
      </p>
      <p class={bad > 0 ? "bad" : "muted"}>
        {bad > 0 ? `${countText(bad, "project")} need a look` : "None needs a look"}
        <span class="muted">, {countText(agents, "agent")}</span>
      </p>
    </div>
  );
}
