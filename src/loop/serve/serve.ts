/** The daemon's answers: each line of the interface and the file that answers it. */
import { BerthError } from "../../base/errors.ts";
import type { Daemon, DescribeView } from "../daemon.ts";
import type { ProjectRow } from "../../postgres/door.ts";
import type { Session } from "../session.ts";
import { type DaemonState, leading } from "../state.ts";
import { applyBundle, takeDown } from "./declarations.ts";
import { examine } from "./doctor.ts";
import { openExec } from "./exec.ts";
import { EventFeed } from "./event-feed.ts";
import { collectGarbage } from "./garbage.ts";
import { openOnce } from "../once.ts";
import { intend, remove } from "./intents.ts";
import { readOutput } from "./output.ts";
import { notesAbout } from "./notes.ts";
import { planBundle, planPending } from "./plan-view.ts";
import { readBundle } from "./read-bundle.ts";
import { serveReread } from "./reread.ts";
import { planRollback, rollBack } from "./rollback.ts";
import { serveQuestions } from "./questions.ts";
import { serveTasks } from "./tasks.ts";
import { serveTokens } from "./tokens.ts";
import { serveLogLevel } from "./log-level.ts";
import { serveUsage } from "./usage.ts";
import {
  containerOf,
  hostView,
  oneView,
  projectViews,
  readyView,
  recordOf,
  requireAgent,
} from "./views.ts";

const DESCRIBED_RUNS = 20;
const DESCRIBED_EVENTS = 30;

export function serve(state: DaemonState): Daemon {
  const { postgres } = state;
  const feed = new EventFeed({ postgres, written: () => state.wakeFollowers.promise });
  return {
    ready: () => readyView(state),
    host: () => hostView(state),
    plan: (bundle, prune) => planBundle(bundle, prune, leading(state)),
    pending: (name) => pendingOf(name, leading(state)),
    ...serveReread(state, (options) => applyBundle(options, state)),
    projects: () => projectViews(state),
    project: (name) => oneView(name, state),
    describe: (name) => describe(name, state),
    setWanted: (ask) =>
      intend(ask, { kind: "wanted", wanted: ask.wanted, removeVolumes: ask.removeVolumes }, state),
    remove: (ask) => remove(ask, ask.removeVolumes, state),
    restart: (ask) => {
      if (ask.agent !== null) requireAgent(ask.project, ask.agent, state);
      return intend(ask, { kind: "restart", agent: ask.agent }, state);
    },
    agent: (ask) => {
      requireAgent(ask.project, ask.agent, state);
      const { agent, change } = ask;
      if (change === "start") return intend(ask, { kind: "start-agent", agent }, state);
      if (change === "stop") return intend(ask, { kind: "stop-agent", agent }, state);
      requireRoom(recordOf(ask.project, leading(state)), agent, change.replicas);
      return intend(ask, { kind: "scale", agent, replicas: change.replicas }, state);
    },
    down: (request) => takeDown(request, state),
    runs: (query) => postgres.runs(query),
    run: async (id) => (await postgres.run(id)) ?? noRun(id),
    runOwner: async (id) => (await postgres.runOwner(id)) ?? noRun(id),
    output: (query, signal) => readOutput(query, signal, state),
    exec: (options) => openExec(options, state),
    events: (query) => postgres.events(query),
    follow: (query, signal) => feed.follow(query, signal),
    config: () => postgres.current(),
    history: (limit, before) => postgres.generations(limit, before),
    generation: (generation) => generationOf(generation, state),
    planRollback: (generation) => planRollback(generation, leading(state)),
    rollback: (request) => rollBack(request, state),
    gc: (request) => collectGarbage(request, state),
    doctor: () => examine(state),
    metrics: () => state.metrics.text(),
    ...serveTasks(state),
    ...serveTokens(state),
    ...serveUsage(state),
    ...serveLogLevel(state),
    ...serveQuestions(state),
    ...openOnce({
      read: (key) => postgres.answers.read(key),
      keep: (key, kept) => {
        const { epoch } = leading(state).world.install;
        return postgres.answers.keep({ ...kept, epoch, key });
      },
    }),
  };
}

function pendingOf(name: string, session: Session): ReturnType<typeof planPending> {
  return planPending(recordOf(name, session), session);
}

function noRun(id: string): never {
  throw new BerthError("usage", {
    code: "loop.run-unknown",
    detail: `there is no run ${id}`,
    hint: "`berth describe PROJECT` shows those that are kept",
  });
}

async function generationOf(generation: number, { postgres }: DaemonState) {
  const kept = await postgres.generation(generation);
  if (kept !== null) return { row: kept.row, bundle: kept.bundle };
  throw new BerthError("usage", {
    code: "loop.generation-missing",
    detail: `there is no generation ${generation}`,
    hint: "`berth history` lists those that are kept",
  });
}

/** The sum of replicas stays within `limits.agents`, whoever asks. */
function requireRoom(
  { name: project, spec, replicas: overrides }: ProjectRow,
  agent: string,
  replicas: number,
): void {
  const others = Object.values(spec.agents).filter(({ name }) => name !== agent);
  const sum = others.reduce(
    (total, each) => total + (overrides[each.name] ?? each.replicas),
    replicas,
  );
  if (sum <= spec.limits.agents) return;
  throw new BerthError("capacity", {
    code: "loop.agents-over-limit",
    detail: `${project} would run ${sum} agents, its limits.agents is ${spec.limits.agents}`,
    hint: "raise limits.agents in its declaration",
  });
}

async function describe(name: string, state: DaemonState): Promise<DescribeView> {
  const session = leading(state);
  const row = recordOf(name, session);
  const [runs, events, kept, notes] = await Promise.all([
    state.postgres.runs({ project: name, agent: null, limit: DESCRIBED_RUNS }),
    state.postgres.events({
      after: null,
      project: name,
      kinds: [],
      limit: DESCRIBED_EVENTS,
      newestFirst: true,
    }),
    state.postgres.generation(row.generation),
    notesAbout(row, containerOf(name, session), session),
  ]);
  const origins = kept === null ? [] : originsOf(kept.bundle, name, session);
  const questions = session.questions?.open(name) ?? [];
  return { project: oneView(name, state), notes, runs, events, questions, origins };
}

/** A bundle that was accepted under older rules may no longer parse: then nothing is said of where values came from. */
function originsOf(
  bundle: Parameters<typeof readBundle>[0],
  project: string,
  session: Session,
): DescribeView["origins"] {
  try {
    return readBundle(bundle, session).origins.project(project);
  } catch {
    return [];
  }
}
