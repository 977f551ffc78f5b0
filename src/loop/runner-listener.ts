/** What runners tell: journal events go to Postgres before they are acknowledged; reports wake passes. */
import type { RunnerReport } from "../model/observed.ts";
import type { JournalEvent } from "../model/run.ts";
import type { RunnersListener } from "../runners/door.ts";
import { readSecrets } from "./act-doors.ts";
import type { Session } from "./session.ts";

/** Turns runner news into records, metrics and triggers. `sessionOf` is null while nobody leads: nothing is acknowledged then. */
export function listenToRunners(sessionOf: () => Session | null): RunnersListener {
  return {
    async onEvents(project, events) {
      const session = sessionOf();
      if (session === null) throw new Error("not the leader");
      return ingest(project, events, session);
    },
    onReport(report) {
      const session = sessionOf();
      if (session !== null) absorbReport(report, session);
    },
    onConnected(project, connected) {
      sessionOf()?.trigger(project, connected ? "runner connected" : "runner lost", connected ? 0 : 50);
    },
    onFenced(project, epoch) {
      sessionOf()?.fenced(`the runner of ${project} obeys epoch ${epoch}`);
    },
  };
}

async function ingest(project: string, events: readonly JournalEvent[], session: Session): Promise<number> {
  const { world, doors, metrics } = session;
  const record = world.records.get(project);
  const seq = await doors.postgres.ingest({ epoch: world.install.epoch, project, generation: record?.generation ?? 0, events });
  const fresh = events.filter((event) => event.seq > (record?.journalSeq ?? 0));
  const latest = world.records.get(project);
  if (latest !== undefined) world.records.set(project, { ...latest, journalSeq: Math.max(latest.journalSeq, seq) });
  for (const event of fresh) count(project, event, metrics, world.openRuns);
  session.eventsWritten();
  return seq;
}

function count(project: string, event: JournalEvent, metrics: Session["metrics"], openRuns: Set<string>): void {
  if (event.kind === "started") openRuns.add(project);
  if (event.kind === "exited" && event.oom) metrics.oom(project, 1);
  if (event.kind === "oom") metrics.oom(project, event.count);
  if (event.kind === "exited" && event.cause !== "stop" && event.cause !== "shutdown") metrics.restarted(project, event.agent);
}

function absorbReport(report: RunnerReport, session: Session): void {
  const { project } = report;
  const missing = report.missingSecrets;
  if (missing.length > 0) void deliverSecrets(project, missing, session);
  const record = session.world.records.get(project);
  const settled = record?.phase === "active";
  // A settled project's reports change nothing the planner looks at, unless the kernel's limits moved.
  if (!settled || limitsMoved(report, session)) session.trigger(project, "runner report");
}

/** Values go straight from the file to the runner: they are no part of any plan, journal or record. */
async function deliverSecrets(project: string, names: readonly string[], session: Session): Promise<void> {
  const values = await readSecrets(session.settings.secretsDir, project, names);
  if (Object.keys(values).length === 0) return;
  await session.doors.runners.secrets(project, values).catch((error: unknown) => {
    session.log.warn({ project, detail: String(error) }, "secrets not delivered");
  });
}

function limitsMoved(report: RunnerReport, session: Session): boolean {
  const allocation = session.world.allocations.get(report.project);
  const limit = report.sample?.memoryLimitBytes ?? null;
  if (allocation === undefined || limit === null || limit === allocation.memoryBytes) return false;
  const container = session.relist.latest()?.containers.find(({ own, state }) => own.project === report.project && state === "running");
  if (container !== undefined) session.inspections.forget(container.id);
  return true;
}
