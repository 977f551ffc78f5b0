/** What happened to a project and which runs it had, newest first. */
import { useEffect } from "preact/hooks";
import type { ApiEvent, RunPage } from "../../schema/api-record.ts";
import { daemon } from "../daemon.ts";
import { spanText } from "../format.ts";
import { addEvents, events } from "../live-state.ts";
import { Age } from "../parts/age.tsx";
import { Badge, type Tone } from "../parts/badge.tsx";
import { EventList } from "../parts/event-list.tsx";
import { Empty, Loaded } from "../parts/loaded.tsx";
import { Panel } from "../parts/panel.tsx";
import { plainText } from "../plain-text.ts";
import { useResource } from "../resource.ts";
import { Scroll } from "../parts/scroll.tsx";

const EVENTS_READ = 200;
const RUNS_READ = 50;

export function ProjectTimeline({ name }: { readonly name: string }) {
  useEffect(() => {
    daemon.events({ project: name, order: "newest", limit: EVENTS_READ }).then(
      ({ items }) => addEvents(items),
      // the banner says that records cannot be read
      () => undefined,
    );
  }, [name]);
  const mine = events.value.filter(({ project }) => project === name);
  return (
    <>
      <Panel title="Events">
        {mine.length === 0 ? (
          <Empty>Nothing is recorded.</Empty>
        ) : (
          <EventList of={mine} project={false} />
        )}
      </Panel>
      <Runs name={name} newest={newestRunEvent(mine)} />
    </>
  );
}

/** Runs change only when an event tells of one. */
function newestRunEvent(mine: readonly ApiEvent[]): number {
  return mine.find(({ kind }) => kind.startsWith("agent.") || kind.startsWith("run."))?.id ?? 0;
}

function Runs({ name, newest }: { readonly name: string; readonly newest: number }) {
  const found = useResource({
    subject: name,
    version: newest,
    read: () => daemon.runs({ project: name, limit: RUNS_READ }),
  }).value;
  return (
    <Panel title="Runs">
      <Loaded of={found}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty>No process was started yet.</Empty>
          ) : (
            <RunTable runs={items} />
          )
        }
      </Loaded>
    </Panel>
  );
}

type Run = RunPage["items"][number];

function RunTable({ runs }: { readonly runs: readonly Run[] }) {
  return (
    <Scroll>
      <table>
        <thead>
          <tr>
            <th>Agent</th>
            <th>Outcome</th>
            <th>Began</th>
            <th>Took</th>
            <th>End</th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <tr key={run.id}>
              <td>
                {run.agent}
                <span class="muted">#{run.replica}</span>
              </td>
              <td>
                <Badge tone={toneOf(run.outcome)}>{run.outcome ?? "running"}</Badge>
              </td>
              <td>
                <Age at={run.startedAt} suffix=" ago" />
              </td>
              <td>{run.endedAt === null ? "–" : spanText(run.endedAt - run.startedAt)}</td>
              <td>
                {endText(run)}
                {run.reason !== null && <span class="muted reason">{plainText(run.reason)}</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function toneOf(outcome: Run["outcome"]): Tone {
  if (outcome === null) return "busy";
  if (outcome === "stopped") return "idle";
  return outcome === "succeeded" ? "good" : "bad";
}

function endText({ oom, signal, exitCode }: Run): string {
  if (oom) return "out of memory";
  return signal ?? (exitCode === null ? "–" : `exit ${exitCode}`);
}
