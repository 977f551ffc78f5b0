/** The scheduler's last decisions as recorded: slots and retries with their attempts, everything else as events. */
import type { EventRecord } from "../../model/event.ts";
import type { DecisionView } from "../../model/task-view.ts";
import type { DecidedAttempt } from "../../postgres/task-door.ts";
import type { PostgresDoor, ProjectRow } from "../../postgres/door.ts";
import { DECISION_KINDS } from "../tasks/tell.ts";

/** Decisions shown at most. */
const SHOWN = 20;

/**
 * Newest first. Of a project or of one of its agents; `agents` are those whose attempts are looked at. What was decided about a removed
 * project of the same name is not told.
 */
export async function decisionsAbout(
  { name: project, bornAt }: Pick<ProjectRow, "name" | "bornAt">,
  { agents, agent }: Readonly<{ agents: readonly string[]; agent: string | null }>,
  postgres: Pick<PostgresDoor, "tasks" | "events">,
): Promise<readonly DecisionView[]> {
  const [attempts, events] = await Promise.all([
    postgres.tasks.decisions({ project, agents }, SHOWN),
    eventsOf(project, postgres),
  ]);
  // What concerns the whole project concerns each of its agents.
  const told = events.filter(
    ({ at, fields }) => at >= bornAt && (agent === null || (fields["agent"] ?? agent) === agent),
  );
  return newest([...attempts.flatMap(ofAttempt), ...told.map(ofEvent)]);
}

/** Newest first: every attempt of the task, and what was decided about its agent since it was submitted. */
export async function decisionsAboutTask(
  task: Readonly<{
    id: string;
    project: string;
    agent: string;
    submittedAt: number;
    endedAt: number | null;
  }>,
  postgres: PostgresDoor,
): Promise<readonly DecisionView[]> {
  const [attempts, events] = await Promise.all([
    postgres.tasks.decisions({ task: task.id }, SHOWN),
    eventsOf(task.project, postgres),
  ]);
  const told = events.filter(
    ({ at, fields }) =>
      at >= task.submittedAt &&
      at <= (task.endedAt ?? Infinity) &&
      (fields["agent"] ?? task.agent) === task.agent,
  );
  return newest([...attempts.flatMap(ofAttempt), ...told.map(ofEvent)]);
}

async function eventsOf(
  project: string,
  postgres: Pick<PostgresDoor, "events">,
): Promise<readonly EventRecord[]> {
  const query = { after: null, project, kinds: DECISION_KINDS, limit: SHOWN, newestFirst: true };
  return postgres.events(query);
}

function newest(decisions: readonly DecisionView[]): readonly DecisionView[] {
  return decisions.toSorted((a, b) => b.at - a.at).slice(0, SHOWN);
}

function ofAttempt(attempt: DecidedAttempt): readonly DecisionView[] {
  const { task, project, agent, claimedAt, endedAt, givenBy, why, nextState, waitMs } = attempt;
  const about = { project, agent, task };
  const given = {
    ...about,
    at: claimedAt,
    text: `attempt ${attempt.attempt} got a slot${givenBy === null ? "" : ` by ${givenBy}`}`,
    why: why ?? {},
  };
  if (endedAt === null || nextState === null) return [given];
  const ended = `attempt ${attempt.attempt} ${attempt.outcome ?? "ended"}`;
  if (nextState === "pending")
    return [
      given,
      {
        ...about,
        at: endedAt,
        text: `${ended}: tried again after a backoff`,
        why: { waitMs: waitMs ?? 0 },
      },
    ];
  if (nextState !== "dead") return [given];
  return [given, { ...about, at: endedAt, text: `${ended}: its retries are used up`, why: {} }];
}

function ofEvent({ at, project, kind, message, fields }: EventRecord): DecisionView {
  const { agent, task } = fields;
  return {
    at,
    project: project ?? "",
    agent: typeof agent === "string" ? agent : "",
    task: typeof task === "string" ? task : null,
    text: sentenceOf(kind, message),
    why: Object.fromEntries(
      Object.entries(fields).filter(
        (field): field is [string, number] => typeof field[1] === "number",
      ),
    ),
  };
}

/** `container frozen: idle since …` of an event whose message names the resource and the cause alone. */
function sentenceOf(kind: string, message: string): string {
  const [noun = "", verb = ""] = kind.split(".");
  return noun === "container"
    ? `${noun} ${verb}: ${message.replace(/^container:[^:]*: /, "")}`
    : message;
}
