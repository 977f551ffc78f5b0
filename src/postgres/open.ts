/** Opens the door to Postgres: everything accepted is recorded here. */
import { accept, currentDeclaration } from "./accept.ts";
import { openAnswers } from "./answers.ts";
import { readAudit, recordAudit } from "./audit.ts";
import type { PostgresDoor } from "./door.ts";
import { readOnly } from "./errors.ts";
import { appendEvents, readEvents } from "./events.ts";
import { readGeneration, readGenerations, readSources } from "./generations.ts";
import { ingest } from "./ingest.ts";
import { readClock, readEpoch, readInstall } from "./install.ts";
import { Leadership } from "./leadership.ts";
import { migrate } from "./migrate.ts";
import type { PostgresOptions } from "./options.ts";
import { intend, readProjects, settlePhase } from "./projects.ts";
import { openQuestions } from "./questions.ts";
import { enforceRetention } from "./retention.ts";
import { bootsWithOpenRuns, loseRuns, readRun, readRuns, runOwner } from "./runs.ts";
import { readRests, writeRest } from "./rest.ts";
import { openSession } from "./session.ts";
import type { Session } from "./session.ts";
import { openStepsOfOthers, stepHistory } from "./steps.ts";
import { releaseSubnet } from "./subnets.ts";
import { openTogether } from "./together.ts";
import { openSettled } from "./task-settle.ts";
import { openTasks } from "./tasks.ts";
import { openUsage } from "./usage.ts";
import { openTokens } from "./tokens.ts";

/** Connects lazily: an unreachable server is told by the first call, as `postgres.unreachable`. */
export function openPostgres(options: PostgresOptions): PostgresDoor {
  const session = openSession(options);
  const leadership = new Leadership(session, options);
  const settled = openSettled(session);
  return {
    tasks: openTasks(session, settled),
    usage: openUsage(session),
    tokens: openTokens(session),
    questions: openQuestions(session),
    answers: openAnswers(session),
    ping: () => ping(session),
    clock: () => readClock(session),
    migrate: () => migrate(session, options),
    install: (install) => readInstall(session, install),
    takeLeadership: (request) => leadership.take(request),
    epoch: () => readEpoch(session),
    accept: (request) => accept(session, request),
    current: () => currentDeclaration({ rows: (query, values) => session.read(query, values) }),
    generation: (generation) => readGeneration(session, generation),
    generations: (limit, before) => readGenerations(session, limit, before),
    sources: (generation) => readSources(session, generation),
    projects: () => readProjects(session),
    intend: (request) => intend(session, request),
    settlePhase: (request) => settlePhase(session, request, settled),
    releaseSubnet: (request) => releaseSubnet(session, request),
    ...openTogether(session),
    openStepsOfOthers: (epoch) => openStepsOfOthers(session, epoch),
    stepHistory: (project, limit) => stepHistory(session, project, limit),
    ingest: (request) => ingest(session, request, settled),
    loseRuns: (request) => loseRuns(session, request, settled),
    bootsWithOpenRuns: () => bootsWithOpenRuns(session),
    runs: (query) => readRuns(session, query),
    run: (id) => readRun(session, id),
    runOwner: (id) => runOwner(session, id),
    rests: () => readRests(session),
    setRest: (request) => writeRest(session, request),
    appendEvents: (epoch, events) => appendEvents(session, epoch, events),
    events: (query) => readEvents(session, query),
    recordAudit: ({ epoch, ...entry }) =>
      session.write({ operation: "record audit", epoch }, (tx) =>
        recordAudit(tx, { ...entry, epoch }),
      ),
    audit: (query) => readAudit(session, query),
    enforceRetention: (request) => enforceRetention(session, request),
    onState: (listener) => session.onState(listener),
    close: async () => {
      await leadership.close();
      await session.close();
    },
  };
}

/** What takes no writes is of no use, whatever it answers. */
async function ping(session: Session): Promise<void> {
  const [row] = await session.read<{ writable: boolean }>("ping");
  if (row?.writable !== true) throw readOnly("ping");
  if (session.isFull()) await session.room();
  session.reached(true);
}
