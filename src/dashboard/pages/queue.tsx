/** The queue: how the pool is shared, what waits and why, what runs, and what ended badly. */
import { useComputed } from "@preact/signals";
import { writes } from "../act.ts";
import { daemon } from "../daemon.ts";
import { countText } from "../format.ts";
import { now, queue } from "../live-state.ts";
import { Empty, Loaded } from "../parts/loaded.tsx";
import { Meter } from "../parts/meter.tsx";
import { Panel } from "../parts/panel.tsx";
import { useResource } from "../resource.ts";
import { may } from "../rights.ts";
import { QueueWaiting } from "./queue-waiting.tsx";
import { QueueWorkers } from "./queue-workers.tsx";
import { offered, submitTask } from "./submit-task.tsx";
import { TaskTable } from "./task-table.tsx";
import { TaskButtons } from "./task-buttons.tsx";

const LISTED = 100;
/** How often the lists are read though nothing told of a change. */
const BEAT_MS = 5_000;

export function Queue() {
  return (
    <>
      <Pool />
      <Waiting />
      <Running />
      <EndedBadly />
    </>
  );
}

function Pool() {
  const pool = queue.value;
  return (
    <section class="panel" aria-label="Agent pool">
      <header>
        <h1>Queue</h1>
        {offered(null).length > 0 && may("run") && (
          <button type="button" class="primary" onClick={() => void submitTask(null)}>
            Submit a task
          </button>
        )}
      </header>
      {pool === null ? (
        <Empty>Loading…</Empty>
      ) : (
        <>
          <Meter
            label="Slots of the agent pool taken"
            value={pool.taken}
            limit={pool.slots}
            plain={true}
            text={`${pool.taken} of ${countText(pool.slots, "slot")} taken, ${pool.waiting} waiting, ${pool.strategy}`}
          />
          <QueueWorkers workers={pool.workers} />
        </>
      )}
    </section>
  );
}

/** Moves whenever the pool does. */
function useTurn(): string {
  return useComputed(() => {
    const pool = queue.value;
    const workers = pool?.workers.map(({ running, waiting }) => `${running}:${waiting}`) ?? [];
    // waits and estimates move by themselves, and priorities by other hands
    const beat = Math.floor(now.value / BEAT_MS);
    return `${beat} ${writes.value} ${pool?.taken} ${pool?.waiting} ${workers.join(" ")}`;
  }).value;
}

function Waiting() {
  const found = useResource({
    subject: "waiting",
    version: useTurn(),
    read: () => daemon.queue({ limit: LISTED }),
  });
  return (
    <Panel title="Waiting">
      <Loaded of={found.value}>{(view) => <QueueWaiting view={view} />}</Loaded>
    </Panel>
  );
}

function Running() {
  const found = useResource({
    subject: "running",
    version: useTurn(),
    read: () => daemon.tasks({ state: ["running"], limit: LISTED }),
  });
  return (
    <Panel title="Running">
      <Loaded of={found.value}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty>No task runs.</Empty>
          ) : (
            <TaskTable tasks={items} project={true} buttons={(task) => <TaskButtons of={task} />} />
          )
        }
      </Loaded>
    </Panel>
  );
}

function EndedBadly() {
  const found = useResource({
    subject: "dead",
    version: useTurn(),
    read: () => daemon.tasks({ state: ["dead", "failed", "timed-out", "lost"], limit: LISTED }),
  });
  return (
    <Panel title="Dead letters">
      <Loaded of={found.value}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty>None: no task has used up its tries.</Empty>
          ) : (
            <TaskTable tasks={items} project={true} buttons={(task) => <TaskButtons of={task} />} />
          )
        }
      </Loaded>
    </Panel>
  );
}
