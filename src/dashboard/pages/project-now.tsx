/** A project now: what it uses against its limits, its agents, and what it stands on. */
import { useEffect } from "preact/hooks";
import { daemon } from "../daemon.ts";
import { coresText, percentText, sizeText } from "../format.ts";
import { projectOf } from "../live-state.ts";
import { Age } from "../parts/age.tsx";
import { Chart } from "../parts/chart.tsx";
import { Facts } from "../parts/facts.tsx";
import { Panel } from "../parts/panel.tsx";
import { Questions } from "../parts/questions.tsx";
import { plainText } from "../plain-text.ts";
import { useResource } from "../resource.ts";
import { samplesOf } from "../usage.ts";
import { readHistory } from "../usage-history.ts";
import { ProjectAgents } from "./project-agents.tsx";

const NANO = 1e9;

export function ProjectNow({ name }: { readonly name: string }) {
  useEffect(() => void readHistory(name), [name]);
  const known = projectOf(name)?.value;
  const notes = useNotes(name);
  if (known === undefined) return <p class="muted empty">Loading…</p>;
  const { view, toldAt } = known;
  return (
    <>
      <Questions project={name} />
      <Charts name={name} />
      <ProjectAgents view={view} />
      <Panel title="Stands on">
        <Facts
          of={[
            ["Image", view.image],
            [
              "Container",
              view.containerId === null
                ? "none"
                : `${view.containerId.slice(0, 12)}, ${view.containerState ?? "unknown"}`,
            ],
            ["Network", view.subnet ?? "none"],
            ["Egress", view.egress],
            ["Priority", view.priority],
            ["Weight", view.weight],
            ["Generation", view.generation],
            ["In this phase", <Age key="phase" at={view.phaseSince} />],
            [
              "Heard from",
              view.heardAgoMs === null ? (
                "never"
              ) : (
                <Age key="heard" at={toldAt - view.heardAgoMs} suffix=" ago" />
              ),
            ],
            ["Out-of-memory kills", view.usage.oomKills ?? "–"],
            [
              "Notes",
              notes.length === 0 ? null : notes.map((note) => <p key={note}>{plainText(note)}</p>),
            ],
          ]}
        />
      </Panel>
    </>
  );
}

/** What its container has from its creation and would have otherwise by now: asked for anew with each container and declaration. */
function useNotes(name: string): readonly string[] {
  const view = projectOf(name)?.value.view;
  const found = useResource({
    subject: name,
    version: `${view?.generation} ${view?.containerId} ${view?.containerState}`,
    read: () => daemon.describe(name),
  }).value;
  return found.kind === "there" ? found.value.notes : [];
}

function Charts({ name }: { readonly name: string }) {
  const view = projectOf(name)?.value.view;
  const samples = samplesOf(name).value;
  if (view === undefined) return null;
  const { limits, usage } = view;
  const cores = limits.nanoCpus / NANO;
  return (
    <section class="charts" aria-label="Use against limits">
      <Chart
        title="CPU"
        text={`${percentText(usage.cpuPercent)} of ${coresText(cores)} CPU`}
        points={samples.map(({ at, cpuPercent }) => [at, cpuPercent])}
        limit={cores * 100}
        unit="percent"
      />
      <Chart
        title="Memory"
        text={`${sizeText(usage.memoryBytes)} of ${sizeText(limits.memoryBytes)}`}
        points={samples.map(({ at, memoryBytes }) => [at, memoryBytes])}
        limit={limits.memoryBytes}
        unit="bytes"
      />
      <Chart
        title="Processes"
        text={`${usage.pids ?? "–"} of ${limits.pids}`}
        points={samples.map(({ at, pids }) => [at, pids])}
        limit={limits.pids}
        unit="count"
      />
    </section>
  );
}
