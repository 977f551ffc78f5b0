/** The overview: the host, and every project with how it is and what it uses. */
import { useComputed, useSignal } from "@preact/signals";
import type { ApiProject } from "../../schema/api-project.ts";
import { countText } from "../format.ts";
import { all, names } from "../live-state.ts";
import { troubleOf } from "../parts/badge.tsx";
import { Empty } from "../parts/loaded.tsx";
import { Questions } from "../parts/questions.tsx";
import { Gauges } from "./overview-gauges.tsx";
import { ProjectRow } from "./overview-row.tsx";

type Order = "trouble" | "name" | "memory" | "cpu";

const BY: Readonly<Record<Order, (project: ApiProject) => number>> = {
  name: () => 0,
  trouble: (project) => troubleOf(project.health),
  memory: (project) => (project.usage.memoryBytes ?? 0) / project.limits.memoryBytes,
  cpu: (project) => project.usage.cpuPercent ?? 0,
};

export function Overview() {
  return (
    <>
      <h1 class="visually-hidden">Overview</h1>
      <Questions project={null} />
      <Gauges />
      <Projects />
    </>
  );
}

function Projects() {
  const search = useSignal("");
  const order = useSignal<Order>("trouble");
  // a text, so that a change of usage that leaves the order as it is draws no list again
  const shown = useComputed(() => {
    const wanted = search.value.trim().toLowerCase();
    const by = BY[order.value];
    return all.value
      .filter((project) => matches(project, wanted))
      .toSorted((a, b) => by(b) - by(a) || (a.name < b.name ? -1 : 1))
      .map(({ name }) => name)
      .join(" ");
  });
  const listed = shown.value === "" ? [] : shown.value.split(" ");
  return (
    <section class="panel" aria-label="Projects">
      <header>
        <h2>Projects</h2>
        <div class="tools">
          <input
            type="search"
            placeholder="Name, state or health"
            aria-label="Show only projects whose name, state or health holds"
            value={search}
            onInput={(event) => (search.value = event.currentTarget.value)}
          />
          <label>
            <span class="muted">Order</span>
            <select
              value={order}
              onChange={(event) => (order.value = orderOf(event.currentTarget.value))}
            >
              <option value="trouble">Trouble first</option>
              <option value="name">Name</option>
              <option value="memory">Memory</option>
              <option value="cpu">CPU</option>
            </select>
          </label>
        </div>
      </header>
      <ProjectTable listed={listed} total={names.value?.length ?? null} />
    </section>
  );
}

interface TableProps {
  readonly listed: readonly string[];
  /** Null while nothing is known yet. */
  readonly total: number | null;
}

function ProjectTable({ listed, total }: TableProps) {
  if (total === null) return <Empty>Loading…</Empty>;
  if (total === 0)
    return (
      <Empty>
        No project is declared. Write one and run <code>berth apply</code>.
      </Empty>
    );
  if (listed.length === 0) return <Empty>None of {countText(total, "project")} matches.</Empty>;
  return (
    <div class="table projects" role="table" aria-label="Projects">
      <div class="row head" role="row">
        {["Project", "State", "CPU", "Memory", "Agents", "Tasks", "Last event"].map((title) => (
          <span key={title} role="columnheader">
            {title}
          </span>
        ))}
      </div>
      {listed.map((name) => (
        <ProjectRow key={name} name={name} />
      ))}
    </div>
  );
}

function matches({ name, phase, health }: ApiProject, wanted: string): boolean {
  return wanted === "" || `${name} ${phase} ${health}`.includes(wanted);
}

function orderOf(text: string): Order {
  return text === "name" || text === "memory" || text === "cpu" ? text : "trouble";
}
