/** One task: where it stands and why, its tries, what it prints, what it was given and what it gave back. */
import { useComputed, useSignal } from "@preact/signals";
import type { Task as TaskResource } from "../../client/tasks.ts";
import { isTerminal } from "../../model/task.ts";
import { writes } from "../act.ts";
import { daemon } from "../daemon.ts";
import { spanText, timeText } from "../format.ts";
import { events, now, projectOf, queue } from "../live-state.ts";
import { Age } from "../parts/age.tsx";
import { TaskBadge } from "../parts/badge.tsx";
import { Facts } from "../parts/facts.tsx";
import { Json } from "../parts/json.tsx";
import { Loaded } from "../parts/loaded.tsx";
import { Meter } from "../parts/meter.tsx";
import { Panel } from "../parts/panel.tsx";
import { plainText } from "../plain-text.ts";
import { useResource } from "../resource.ts";
import { projectLink } from "../places.ts";
import { PriorityForm } from "./queue-waiting.tsx";
import { TaskAttempts } from "./task-attempts.tsx";
import { TaskButtons } from "./task-buttons.tsx";
import { TaskWhy } from "./task-why.tsx";

/** How often a task that has not ended is looked at though nothing told of it. */
const LOOK_MS = 2_000;

export function Task({ id }: { readonly id: string }) {
  const ended = useSignal(false);
  const turn = useComputed(() => {
    const pool = queue.value;
    const beat = ended.value ? 0 : Math.floor(now.value / LOOK_MS);
    return `${beat} ${pool?.taken} ${pool?.waiting} ${events.value[0]?.id ?? 0} ${writes.value}`;
  });
  const found = useResource({
    subject: id,
    version: turn.value,
    read: async () => {
      const task = await daemon.task(id);
      ended.value = isTerminal(task.state);
      return task;
    },
  });
  return (
    <Loaded of={found.value}>
      {(task) => (
        <>
          <TaskHead task={task} />
          <TaskWhy task={task} />
          <TaskAttempts task={task} />
          <div class="columns">
            <Panel title="Payload">
              <Json label="Payload" value={task.payload} />
            </Panel>
            <Panel title="Result">
              {task.result === null ? (
                <p class="muted empty">
                  {isTerminal(task.state) ? "It handed nothing back." : "It has not ended."}
                </p>
              ) : (
                <Json label="Result" value={task.result} />
              )}
            </Panel>
          </div>
        </>
      )}
    </Loaded>
  );
}

function TaskHead({ task }: { readonly task: TaskResource }) {
  const exists = projectOf(task.project) !== undefined;
  return (
    <section class="head">
      <p class="crumb">
        <a href="#/queue">Queue</a>
        {exists && (
          <>
            {" / "}
            <a href={projectLink(task.project, "tasks")}>{task.project}</a>
          </>
        )}
      </p>
      <div class="title">
        <h1>Task {task.id}</h1>
        <TaskBadge state={task.state} />
        <TaskButtons of={task} />
      </div>
      {task.reason !== null && <p class="why">{plainText(task.reason)}</p>}
      {task.state === "running" && task.progress !== null && (
        <Meter
          label="Progress"
          value={task.progress.fraction}
          limit={1}
          plain={true}
          text={`${Math.round(task.progress.fraction * 100)} % ${plainText(task.progress.text)}`}
        />
      )}
      <TaskFacts task={task} />
    </section>
  );
}

function TaskFacts({ task }: { readonly task: TaskResource }) {
  const waits = task.state === "pending" || task.state === "ready";
  return (
    <Facts
      of={[
        ["Worker", `${task.project}/${task.agent}`],
        [
          "Priority",
          waits ? (
            <PriorityForm key="priority" task={task.id} priority={task.priority} />
          ) : (
            task.priority
          ),
        ],
        ["Tries", `${task.attempts} of ${task.maxAttempts}`],
        ["Submitted", <Age key="submitted" at={task.submittedAt} suffix=" ago" />],
        [
          "Ran",
          task.ran === null || task.ran.until === null
            ? null
            : spanText(task.ran.until - task.ran.from),
        ],
        ["Not before", task.notBefore === null || !waits ? null : timeText(task.notBefore)],
        ["Deadline", task.deadlineAt === null ? null : timeText(task.deadlineAt)],
        ["Complexity", task.complexity],
        ["Tags", task.tags.length === 0 ? null : plainText(task.tags.join(", "))],
        ["After", task.after.length === 0 ? null : task.after.join(", ")],
      ]}
    />
  );
}
