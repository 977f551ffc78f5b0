/** The tries at a task and what the chosen one prints. */
import { useSignal } from "@preact/signals";
import type { Task } from "../../client/tasks.ts";
import type { ApiAttempt } from "../../schema/api-task.ts";
import { daemon } from "../daemon.ts";
import { spanText } from "../format.ts";
import { Age } from "../parts/age.tsx";
import { OutcomeBadge } from "../parts/badge.tsx";
import { Empty, Loaded } from "../parts/loaded.tsx";
import { LogView } from "../parts/log-view.tsx";
import { Panel } from "../parts/panel.tsx";
import { plainText } from "../plain-text.ts";
import { useResource } from "../resource.ts";
import { Scroll } from "../parts/scroll.tsx";

export function TaskAttempts({ task }: { readonly task: Task }) {
  const chosen = useSignal<string | null>(null);
  const found = useResource({
    subject: task.id,
    version: `${task.state} ${task.run}`,
    read: () => daemon.attempts(task.id),
  }).value;
  return (
    <Loaded of={found}>
      {(attempts) => {
        const shown = attempts.find(({ run }) => run === chosen.value) ?? attempts.at(-1);
        return (
          <>
            <Panel title="Tries">
              {shown === undefined ? (
                <Empty>It was not started yet.</Empty>
              ) : (
                <Attempts all={attempts} shown={shown.run} choose={(run) => (chosen.value = run)} />
              )}
            </Panel>
            {shown !== undefined && (
              <Panel title={`Output of try ${shown.attempt}`}>
                <LogView
                  key={shown.run}
                  of={{ project: [task.project], run: shown.run }}
                  who={false}
                />
              </Panel>
            )}
          </>
        );
      }}
    </Loaded>
  );
}

interface AttemptsProps {
  readonly all: readonly ApiAttempt[];
  readonly shown: string;
  readonly choose: (run: string) => void;
}

function Attempts({ all, shown, choose }: AttemptsProps) {
  return (
    <Scroll>
      <table>
        <thead>
          <tr>
            <th class="number">Try</th>
            <th>Outcome</th>
            <th>Began</th>
            <th>Took</th>
            <th>End</th>
            <th>
              <span class="visually-hidden">Output</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {all.map((attempt) => (
            <tr key={attempt.run}>
              <td class="number">{attempt.attempt}</td>
              <td>
                <OutcomeBadge outcome={attempt.outcome} />
              </td>
              <td>
                <Age at={attempt.startedAt ?? attempt.claimedAt} suffix=" ago" />
              </td>
              <td>
                {attempt.startedAt === null || attempt.endedAt === null
                  ? "–"
                  : spanText(attempt.endedAt - attempt.startedAt)}
              </td>
              <td>
                {attempt.signal ?? (attempt.exitCode === null ? "–" : `exit ${attempt.exitCode}`)}
                {attempt.reason !== null && (
                  <span class="muted reason">{plainText(attempt.reason)}</span>
                )}
              </td>
              <td class="end">
                <button
                  type="button"
                  class="small"
                  aria-pressed={attempt.run === shown}
                  aria-label={`Show the output of try ${attempt.attempt}`}
                  onClick={() => choose(attempt.run)}
                >
                  Output
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
