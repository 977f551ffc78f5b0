/** What running tasks say of how far they are: the latest for readers, and in events once in a while. */
import type { RunningProgress } from "../../model/task-view.ts";
import type { NewEvent } from "../../postgres/door.ts";
import type { Desk, HeldRun, Progress } from "./desk-state.ts";
import { progressEvent } from "./tell.ts";

/** Between two events of one task: it may speak five times a second, and events are kept for weeks. */
const TOLD_EVERY_MS = 10_000;

export interface ProgressTeller {
  /** Takes what a run's task says of itself. Its first word is told as soon as its start is, the latest of those that follow after a while. */
  said(run: string, progress: Progress): void;
  /** The run's start is recorded: what it says may be told. */
  begun(run: string): void;
  /** What these runs said before their start was recorded; who takes it records it, before their ends. */
  take(runs: readonly string[]): readonly NewEvent[];
}

export function createProgressTeller(desk: Pick<Desk, "session" | "runs">): ProgressTeller {
  const { runs, session } = desk;
  const resting = new WeakSet<HeldRun>();
  const tell = (held: HeldRun): void => {
    const told = held.progress;
    if (told === null || runs.get(held.run) !== held) return;
    session.outbox.add(progressEvent(held, told));
    void session.outbox.flush();
    resting.add(held);
    setTimeout(() => {
      resting.delete(held);
      if (held.progress !== told) tell(held);
    }, TOLD_EVERY_MS).unref();
  };
  return {
    said(run, progress) {
      const held = runs.get(run);
      if (held === undefined) return;
      held.progress = progress;
      if (held.begun && !resting.has(held)) tell(held);
    },
    begun(run) {
      const held = runs.get(run);
      if (held === undefined || held.begun) return;
      held.begun = true;
      if (!resting.has(held)) tell(held);
    },
    take: (ended) =>
      ended.flatMap((run) => {
        const held = runs.get(run);
        if (held === undefined || held.progress === null || held.begun || resting.has(held))
          return [];
        resting.add(held);
        return [progressEvent(held, held.progress)];
      }),
  };
}

/** Of a project's running tasks that said something, the oldest attempt first. */
export function progressIn(
  project: string,
  runs: ReadonlyMap<string, HeldRun>,
): readonly RunningProgress[] {
  return [...runs.values()]
    .filter((held) => held.project === project)
    .flatMap(({ task, agent, progress }) =>
      progress === null ? [] : [{ task, agent, ...progress }],
    );
}
