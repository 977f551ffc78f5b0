/** What running tasks say of how far they are: the latest for readers, and in events once in a while. */
import type { RunningProgress } from "../../model/task-view.ts";
import type { Desk, HeldRun, Progress } from "./desk-state.ts";
import { tellProgress } from "./tell.ts";

/** Between two events of one task: it may speak five times a second, and events are kept for weeks. */
const TOLD_EVERY_MS = 10_000;

/** Takes what a run's task says of itself. Its first word is told at once, the latest of those that follow after a while. */
export function createProgressNote(
  desk: Pick<Desk, "session" | "runs">,
): (run: string, progress: Progress) => void {
  const resting = new WeakSet<HeldRun>();
  const tell = (held: HeldRun): void => {
    const told = held.progress;
    if (told === null || desk.runs.get(held.run) !== held) return;
    tellProgress(held, told, desk.session);
    resting.add(held);
    setTimeout(() => {
      resting.delete(held);
      if (held.progress !== told) tell(held);
    }, TOLD_EVERY_MS).unref();
  };
  return (run, progress) => {
    const held = desk.runs.get(run);
    if (held === undefined) return;
    held.progress = progress;
    if (!resting.has(held)) tell(held);
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
