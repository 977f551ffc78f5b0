/**
 * What the daemon tells of tasks, in the order of causes with what runners' journals tell of them: a submission before the start, progress
 * between the start and the end. INVARIANT: whatever is gathered or held back here is recorded with the journal that would overtake it.
 */
import type { JournalEvent } from "../../model/run.ts";
import type { Desk, OpenDesk } from "./desk-state.ts";
import { createProgressTeller } from "./progress.ts";
import { createSubmissionTeller, type SubmissionTeller } from "./submissions.ts";

type Telling = Pick<OpenDesk, "progressed" | "recording" | "recorded"> &
  Pick<SubmissionTeller, "submitted">;

export function createTelling(desk: Pick<Desk, "session" | "runs">): Telling {
  const submissions = createSubmissionTeller(desk.session);
  const progress = createProgressTeller(desk);
  return {
    submitted: (task, by) => submissions.submitted(task, by),
    progressed: (run, said) => progress.said(run, said),
    recording: (project, events) => [
      ...submissions.take(project, events.flatMap(startedTask)),
      ...progress.take(events.flatMap(endedRun)),
    ],
    recorded(events) {
      for (const event of events) if (event.kind === "started") progress.begun(event.run);
    },
  };
}

function startedTask(event: JournalEvent): readonly string[] {
  return event.kind === "started" && event.task !== undefined ? [event.task] : [];
}

function endedRun(event: JournalEvent): readonly string[] {
  return event.kind === "exited" ? [event.run] : [];
}
