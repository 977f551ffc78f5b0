/** Exec: a command beside the agents, as the agents' user and under a marker of its own, so that its whole tree ends with it. */
import { setTimeout as sleep } from "node:timers/promises";
import { BerthError, causeChain } from "../../base/errors.ts";
import { isOurs } from "../../observe/belongings.ts";
import type { ExecSession } from "../../docker/door.ts";
import type { ExecOptions } from "../daemon.ts";
import { standOf } from "../idle.ts";
import type { Session } from "../session.ts";
import { type DaemonState, leading } from "../state.ts";
import { recordOf } from "./views.ts";

/** How long a project that rests for want of work may take to come back. */
const WAKE_MS = 30_000;
const LOOK_MS = 20;

type OpenedExec = Readonly<{ session: ExecSession; close(): Promise<void> }>;

/** As long as it is open it counts as work: a project at rest wakes for it, and does not rest again before its end. */
export async function openExec(options: ExecOptions, state: DaemonState): Promise<OpenedExec> {
  const session = leading(state);
  const { project } = options;
  recordOf(project, session);
  const release = session.idle.hold(project);
  try {
    await awake(project, session);
    const opened = await openAwake(options, session);
    return {
      session: opened.session,
      close: () => opened.close().finally(release),
    };
  } catch (error) {
    release();
    throw error;
  }
}

async function awake(project: string, session: Session): Promise<void> {
  const deadline = session.now() + WAKE_MS;
  while (standOf(project, session.world) !== null || isWaking(project, session)) {
    if (session.signal.aborted || session.now() > deadline) return;
    await sleep(LOOK_MS, undefined, { ref: false });
  }
}

/** Its container was just started, and its runner has not said a word. */
function isWaking(project: string, { world, doors, now }: Session): boolean {
  const wokenAt = world.idle.get(project)?.wokenAt ?? 0;
  return now() - wokenAt < WAKE_MS && !doors.runners.connected(project);
}

async function openAwake(options: ExecOptions, session: Session): Promise<OpenedExec> {
  const { project } = options;
  const containerId = await runningContainer(project, session);
  await audited(options, session);
  if (options.root) {
    const opened = await session.doors.engine.exec({
      containerId,
      argv: options.argv,
      tty: options.tty,
      user: "0",
      environment: options.environment,
    });
    return { session: opened, close: async () => undefined };
  }
  const ticket = await session.doors.runners.execOpen(project, null);
  const argv = session.doors.runners.execArgv(ticket, {
    argv: options.argv,
    environment: options.environment,
  });
  const close = (): Promise<void> =>
    session.doors.runners
      .execClose(project, ticket.marker)
      .catch((error: unknown) =>
        session.log.warn({ project, chain: causeChain(error) }, "exec not closed"),
      );
  try {
    return {
      session: await session.doors.engine.exec({
        containerId,
        argv,
        tty: options.tty,
        user: "0",
        environment: {},
      }),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Who ran what. Root needs the record; as the agents' user one may look around while Postgres is away, which the log says. */
async function audited({ by, root, project, argv }: ExecOptions, session: Session): Promise<void> {
  const { epoch } = session.world.install;
  const action = root ? "exec.root" : "exec";
  const detail = argv.join(" ").slice(0, 1_000);
  try {
    await session.doors.postgres.recordAudit({ epoch, by, action, project, detail });
  } catch (error) {
    if (root || !(error instanceof BerthError) || error.kind !== "transient") throw error;
    session.log.warn({ project, who: by.who, chain: causeChain(error) }, "exec not audited");
  }
}

async function runningContainer(project: string, session: Session): Promise<string> {
  const { install, installUid } = session.world.install;
  const snapshot = await session.relist.fresh();
  const mine = snapshot.containers.filter(
    ({ own }) => isOurs(own, install, installUid) && own.project === project,
  );
  const running = mine.find(({ state }) => state === "running");
  if (running !== undefined) return running.id;
  const frozen = mine.some(({ state }) => state === "paused");
  throw new BerthError("conflict", {
    code: frozen ? "loop.project-frozen" : "loop.project-not-running",
    detail: `${project} ${frozen ? "is frozen" : "has no running container"}`,
    hint: frozen ? `berth resume ${project}` : `berth describe ${project}`,
  });
}
