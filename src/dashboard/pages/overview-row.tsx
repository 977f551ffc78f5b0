/** One project as a row, on a phone as a card; it draws itself again only when this project changed. */
import type { ApiProject } from "../../schema/api-project.ts";
import { coresText, percentText, sizeText } from "../format.ts";
import { lastEventOf, projectOf, queue } from "../live-state.ts";
import { Age } from "../parts/age.tsx";
import { Badge, HealthBadge } from "../parts/badge.tsx";
import { Meter } from "../parts/meter.tsx";
import { plainText } from "../plain-text.ts";
import { projectLink } from "../places.ts";

const NANO = 1e9;

export function ProjectRow({ name }: { readonly name: string }) {
  const known = projectOf(name)?.value;
  if (known === undefined) return null;
  const { view } = known;
  return (
    <div class="row" role="row">
      <span role="cell" class="name">
        <a href={projectLink(name)}>{name}</a>
        <Reason view={view} />
      </span>
      <span role="cell" class="states" data-title="State">
        <HealthBadge health={view.health} />
        {view.needsYou.count > 0 && <Badge tone="warn">needs you</Badge>}
        {view.phase !== "active" && <Badge tone="idle">{view.phase}</Badge>}
      </span>
      <span role="cell" data-title="CPU">
        <Cpu view={view} />
      </span>
      <span role="cell" data-title="Memory">
        <Memory view={view} />
      </span>
      <span role="cell" data-title="Agents" class="number">
        <Agents view={view} />
      </span>
      <span role="cell" data-title="Tasks" class="number">
        <Tasks name={name} />
      </span>
      <span role="cell" data-title="Last event" class="last">
        <LastEvent name={name} />
      </span>
    </div>
  );
}

function Reason({ view }: { readonly view: ApiProject }) {
  const [reason] = view.reasons;
  return reason === undefined ? null : <span class="muted reason">{plainText(reason)}</span>;
}

function Cpu({ view }: { readonly view: ApiProject }) {
  const cores = view.limits.nanoCpus / NANO;
  const used = view.usage.cpuPercent;
  return (
    <Meter
      label="CPU"
      value={used}
      limit={cores * 100}
      text={`${percentText(used)} of ${coresText(cores)} CPU`}
    />
  );
}

function Memory({ view }: { readonly view: ApiProject }) {
  const { memoryBytes } = view.usage;
  return (
    <Meter
      label="Memory"
      value={memoryBytes}
      limit={view.limits.memoryBytes}
      text={`${sizeText(memoryBytes)} of ${sizeText(view.limits.memoryBytes)}`}
    />
  );
}

function Agents({ view }: { readonly view: ApiProject }) {
  const running = view.agents.filter(({ state }) => state === "running").length;
  const restarts = view.agents.reduce((sum, agent) => sum + agent.restarts, 0);
  return (
    <>
      {running}/{view.agents.length}
      {restarts > 0 && (
        <span class="muted" title={`${restarts} restarts`}>
          {" "}
          ↻ {restarts}
        </span>
      )}
    </>
  );
}

function Tasks({ name }: { readonly name: string }) {
  const workers = (queue.value?.workers ?? []).filter(({ project }) => project === name);
  if (workers.length === 0) return <span class="muted">–</span>;
  const running = workers.reduce((sum, worker) => sum + worker.running, 0);
  const waiting = workers.reduce((sum, worker) => sum + worker.waiting, 0);
  const open = workers.some(({ breaker }) => breaker !== "closed");
  return (
    <>
      {running} running
      {waiting > 0 && <span>, {waiting} waiting</span>}
      {open && <Badge tone="bad">breaker open</Badge>}
    </>
  );
}

function LastEvent({ name }: { readonly name: string }) {
  const event = lastEventOf(name).value;
  if (event === null) return <span class="muted">–</span>;
  return (
    <>
      <span class="message" title={plainText(event.message)}>
        {plainText(event.message)}
      </span>
      <span class="muted">
        <Age at={event.at} />
      </span>
    </>
  );
}
