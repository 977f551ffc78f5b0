/** Why a task waits, or why it ended as it did. */
import type { Task } from "../../client/tasks.ts";
import { isTerminal } from "../../model/task.ts";
import type { ApiExplain, ApiWhy } from "../../schema/api-task.ts";
import { daemon } from "../daemon.ts";
import { clockText, sizeText } from "../format.ts";
import { queue } from "../live-state.ts";
import { Chart } from "../parts/chart.tsx";
import { Facts } from "../parts/facts.tsx";
import { Loaded } from "../parts/loaded.tsx";
import { Panel } from "../parts/panel.tsx";
import { plainText } from "../plain-text.ts";
import { useResource } from "../resource.ts";
import { estimateText } from "./queue-waiting.tsx";

export function TaskWhy({ task }: { readonly task: Task }) {
  if (isTerminal(task.state)) return <WhyItEnded task={task} />;
  return <WhyItWaits task={task} />;
}

function WhyItEnded({ task }: { readonly task: Task }) {
  const found = useResource({
    subject: `why ${task.id}`,
    version: `${task.state} ${task.run}`,
    read: () => daemon.why(task.id),
  }).value;
  return (
    <Panel title="Why it ended so">
      <Loaded of={found}>{(why) => <Why of={why} />}</Loaded>
    </Panel>
  );
}

function Why({ of }: { readonly of: ApiWhy }) {
  return (
    <>
      <p class="answer">{plainText(of.text)}</p>
      <Facts
        of={[
          ["Exit code", of.exitCode],
          ["Signal", of.signal],
          ["Out of memory", of.oom ? "yes" : null],
          ["Memory limit", of.memoryLimitBytes === null ? null : sizeText(of.memoryLimitBytes)],
        ]}
      />
      <Memory of={of} />
      {of.notes.length > 0 && (
        <ol class="events">
          {of.notes.map(({ at, text }) => (
            <li key={`${at} ${text}`}>
              <time class="muted">{clockText(at)}</time>
              <span class="message">{plainText(text)}</span>
            </li>
          ))}
        </ol>
      )}
      <Decisions of={of.decisions} />
    </>
  );
}

/** What its container took from its start to its end. */
function Memory({ of }: { readonly of: ApiWhy }) {
  const { memory, startedAt, memoryLimitBytes } = of;
  const [first] = memory;
  if (first === undefined) return null;
  const peak = Math.max(...memory.map(({ bytes }) => bytes));
  return (
    <Chart
      title="Memory while it ran"
      text={`at most ${sizeText(peak)}`}
      points={memory.map(({ at, bytes }) => [at, bytes] as const)}
      limit={memoryLimitBytes ?? peak}
      unit="bytes"
      from={Math.min(startedAt ?? first.at, first.at)}
    />
  );
}

function WhyItWaits({ task }: { readonly task: Task }) {
  const found = useResource({
    subject: `explain ${task.id}`,
    version: `${task.state} ${queue.value?.taken} ${queue.value?.waiting}`,
    read: () => daemon.explain(task.id),
  }).value;
  return (
    <Panel title={task.state === "running" ? "How it came to run" : "Why it waits"}>
      <Loaded of={found}>
        {(explained) => (
          <>
            {explained.constraint !== null && (
              <p class="answer">{plainText(explained.constraint)}</p>
            )}
            <Facts
              of={[
                ["It would start when", explained.wouldStart],
                ["Starts in", explained.estimateMs === null ? null : estimateText(explained)],
              ]}
            />
            <Decisions of={explained.decisions} />
          </>
        )}
      </Loaded>
    </Panel>
  );
}

function Decisions({ of }: { readonly of: ApiExplain["decisions"] }) {
  if (of.length === 0) return null;
  return (
    <ol class="events" aria-label="Decisions">
      {of.map(({ at, text, why }) => (
        <li key={`${at} ${text}`}>
          <time class="muted">{clockText(at)}</time>
          <span class="message">{plainText(text)}</span>
          <span class="muted">
            {Object.entries(why)
              .map(([name, value]) => `${name} ${Math.round(value * 100) / 100}`)
              .join(", ")}
          </span>
        </li>
      ))}
    </ol>
  );
}
