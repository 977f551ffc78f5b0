/** What runners tell: journal events go to Postgres before they are acknowledged; reports wake passes. */
import type { RunnerReport } from "../model/observed.ts";
import { CURVE_POINTS, type JournalEvent } from "../model/run.ts";
import { checkLimits } from "./check-limits.ts";
import { triggerEcho } from "./echo.ts";
import type { RunnersListener } from "../runners/door.ts";
import { CONNECTED, REPORTED } from "./reasons.ts";
import { secretsFor } from "./secrets.ts";
import type { Session } from "./session.ts";
import { startedAgain } from "./started-again.ts";
import { type DaemonState, leading } from "./state.ts";

/** Turns runner news into records, metrics and triggers. While nobody leads nothing is acknowledged. */
export function listenToRunners(state: DaemonState): RunnersListener {
  return {
    async onEvents(project, events) {
      return ingest(project, events, leading(state));
    },
    onReport(report) {
      noteCpu(report, state);
      if (state.session === null) return;
      noteMemory(report, state.session);
      absorbReport(report, state.session);
      state.session.desk?.reported(report);
    },
    onConnected(project, connected) {
      if (!connected) {
        state.session?.trigger(project, "runner lost", LOST_GRACE_MS);
        forgetCpu(project, state);
        return;
      }
      if (state.session !== null)
        triggerEcho({ project, reason: CONNECTED, delayMs: REPORT_FOLLOWS_MS }, state.session);
      state.session?.desk?.connected(project);
      state.session?.questions?.connected(project);
    },
    onThawed(project) {
      state.session?.desk?.connected(project);
    },
    onProgress(_project, run, progress) {
      state.session?.desk?.progressed(run, progress);
    },
    onFenced(project, epoch) {
      state.reportedEpoch = Math.max(state.reportedEpoch, epoch);
      state.session?.fenced(`the runner of ${project} obeys epoch ${epoch}`);
    },
  };
}

/** A runner's report comes right after its welcome; one look then sees both. */
const REPORT_FOLLOWS_MS = 50;
/** A lost runner usually means a dead container, whose event says so sooner than this. */
const LOST_GRACE_MS = 200;

/** What is kept of a runner that may die without telling. */
function noteMemory({ project, sample }: RunnerReport, { world: { memory } }: Session): void {
  if (sample === null || sample.memoryWorkingSetBytes === null) return;
  const before = memory.get(project) ?? [];
  if (before.at(-1)?.at === sample.at) return;
  const now = { at: sample.at, bytes: sample.memoryWorkingSetBytes };
  memory.set(project, [...before.slice(1 - CURVE_POINTS), now]);
}

/** CPU use between the last two samples, in percent of one core. */
function noteCpu({ project, sample }: RunnerReport, state: DaemonState): void {
  if (sample === null || sample.cpuUsageMs === null) return;
  const before = state.lastSample.get(project);
  if (before !== undefined && sample.at <= before.at) return;
  state.lastSample.set(project, { at: sample.at, cpuMs: sample.cpuUsageMs });
  if (before === undefined || sample.cpuUsageMs < before.cpuMs) return;
  state.cpuPercent.set(
    project,
    (100 * (sample.cpuUsageMs - before.cpuMs)) / (sample.at - before.at),
  );
}

/** Nobody knows it any more; and the next container of that name begins anew. */
function forgetCpu(project: string, { lastSample, cpuPercent }: DaemonState): void {
  lastSample.delete(project);
  cpuPercent.delete(project);
}

async function ingest(
  project: string,
  events: readonly JournalEvent[],
  session: Session,
): Promise<number> {
  const { world, doors, outbox } = session;
  const record = world.records.get(project);
  const generation = record?.generation ?? 0;
  // What is on its way to the records came before what this journal tells of its tasks.
  if (outbox.busy() && events.some(isOfTasks)) await outbox.flush();
  const told = session.desk?.recording(project, events) ?? [];
  const seq = await doors.postgres
    .ingest({ epoch: world.install.epoch, project, generation, events, told })
    .catch((error: unknown) => {
      for (const event of told) outbox.add(event);
      // It may be written all the same, and then nobody is told of the tasks that ended.
      session.desk?.doubt();
      session.questions?.doubt();
      throw error;
    });
  const fresh = events.filter((event) => event.seq > (record?.journalSeq ?? 0));
  const latest = world.records.get(project);
  if (latest !== undefined)
    world.records.set(project, { ...latest, journalSeq: Math.max(latest.journalSeq, seq) });
  for (const event of fresh) count(project, event, session);
  session.desk?.recorded(fresh);
  session.questions?.ingested(project, fresh);
  session.eventsWritten();
  return seq;
}

function isOfTasks(event: JournalEvent): boolean {
  return (event.kind === "started" && event.task !== undefined) || event.kind === "exited";
}

function count(project: string, event: JournalEvent, { metrics, world }: Session): void {
  if (event.kind === "started") world.openRuns.add(project);
  if (event.kind === "exited" && event.oom) metrics.oom(project, 1);
  if (event.kind === "oom") metrics.oom(project, event.count);
  const again = startedAgain(project, event, world);
  if (again !== null) metrics.restarted(project, again);
}

function absorbReport(report: RunnerReport, session: Session): void {
  const { project } = report;
  const missing = report.missingSecrets;
  if (missing.length > 0) void deliverSecrets(project, missing, session);
  const record = session.world.records.get(project);
  // A settled project's reports change nothing the planner looks at, unless the kernel's limits are others.
  if (record?.phase !== "active") triggerEcho({ project, reason: REPORTED }, session);
  else checkLimits(report, record, session);
}

/** Values go straight from the file to the runner: they are no part of any plan, journal or record. */
async function deliverSecrets(
  project: string,
  names: readonly string[],
  session: Session,
): Promise<void> {
  const values = await secretsFor(session, project, names);
  if (Object.keys(values).length === 0) return;
  await session.doors.runners.secrets(project, values).catch((error: unknown) => {
    session.log.warn({ project, detail: String(error) }, "secrets not delivered");
  });
}
