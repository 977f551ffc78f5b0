/** Leading: one session from the epoch that was granted until it is lost or the daemon ends. */
import { randomUUID } from "node:crypto";
import { createKeyedQueue } from "../base/keyed-queue.ts";
import { sharedByKey } from "../base/shared.ts";
import { createSlots } from "../base/slots.ts";
import { causeChain } from "../base/errors.ts";
import { createInspections } from "../observe/inspections.ts";
import { createRelist } from "../observe/relist.ts";
import type { Outbox } from "../record/outbox.ts";
import type { Metrics } from "../report/metrics.ts";
import type { Log } from "../report/log.ts";
import { RELIST_MS, hostPass } from "./host-pass.ts";
import type { Modes } from "./modes.ts";
import { createIdleKeeper, recallIdle } from "./idle.ts";
import { projectPass } from "./pass.ts";
import { openQuestionBoard } from "./questions.ts";
import type { Session } from "./session.ts";
import type { Settings } from "./settings.ts";
import { openDesk } from "./tasks/desk.ts";
import { startUpkeep } from "./upkeep.ts";
import { wake } from "./wake.ts";
import { type Doors, type World, readRecords } from "./world.ts";

/** More engine operations at once are slower (GROUND: network creation is serial in the engine). */
const ENGINE_SLOTS = 8;
/** Project passes under way at once: most of a pass is waiting, and each engine operation still takes a slot. */
const PASSES = 16;

export interface LeadOptions {
  readonly settings: Settings;
  readonly doors: Doors;
  readonly world: World;
  readonly spoolRoot: string;
  readonly modes: Modes;
  readonly outbox: Outbox;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly now: () => number;
  readonly chance: () => number;
  readonly eventsWritten: () => void;
  readonly onStream: (connected: boolean) => void;
}

export interface Leading {
  readonly session: Session;
  /** Resolves with the reason when the session is over. */
  readonly ended: Promise<string>;
  close(reason: string): Promise<void>;
}

/** Begins to lead: reads what is recorded, listens to the engine, and asks for the first host pass. Start is recovery. */
export async function lead(options: LeadOptions): Promise<Leading> {
  const { doors, world, log } = options;
  const ending = new AbortController();
  const { promise: ended, resolve: end } = Promise.withResolvers<string>();
  const projects = createKeyedQueue({
    concurrency: PASSES,
    run: (key, reasons) => projectPass(key, reasons, session),
  });
  const host = createKeyedQueue({
    concurrency: 1,
    run: (_key, reasons) => hostPass(reasons, session),
  });
  const hostRoutes = sharedByKey(() => doors.firewall.hostRoutes());
  const session: Session = {
    ...options,
    relist: createRelist(() => doors.engine.snapshot()),
    inspections: createInspections((id) => doors.engine.inspect(id)),
    imageFacts: sharedByKey((image) => doors.engine.imageFacts(image)),
    hostRoutes: () => hostRoutes("routes"),
    slots: createSlots(ENGINE_SLOTS),
    signal: ending.signal,
    desk: null,
    usage: null,
    questions: null,
    newId: () => randomUUID(),
    trigger: (project, reason, delayMs) => projects.trigger(project, reason, delayMs),
    triggerHost: (reason, delayMs) => host.trigger("host", reason, delayMs),
    fenced: (why) => end(why),
    idle: createIdleKeeper(() => session),
  };

  const abandon = (reason: Error): void => {
    ending.abort(reason);
    for (const each of [session.desk, session.questions]) each?.close();
    session.idle.stop();
  };
  await recover(session).catch((cause: unknown) => {
    // Nothing of it goes on: the next try has a session of its own.
    abandon(new Error("what is recorded could not be taken over", { cause }));
    throw cause;
  });
  const stream = listenToEngine(session, options.onStream);
  const upkeep = startUpkeep(session, RELIST_MS);
  session.triggerHost("leading");
  log.info({ epoch: world.install.epoch, projects: world.records.size }, "leading");

  return {
    session,
    ended,
    async close(reason) {
      end(reason);
      abandon(new Error(reason));
      upkeep.stop();
      stream.close();
      await Promise.allSettled([projects.close(), host.close()]);
    },
  };
}

function listenToEngine(
  session: Session,
  onStream: LeadOptions["onStream"],
): ReturnType<Doors["engine"]["events"]> {
  return session.doors.engine.events({
    onEvent: (event) => wake(event, session),
    onState: (connected) => {
      onStream(connected);
      session.modes.set(
        "engine-gone",
        !connected,
        connected ? "the event stream is connected" : "the event stream is lost",
      );
      session.inspections.forgetAll();
      if (connected) session.triggerHost("engine connected");
    },
  });
}

/** Takes over what is recorded: projects, a predecessor's open steps, spools, and tasks that wait or run. */
async function recover(session: Session): Promise<void> {
  const { world, doors } = session;
  await readRecords(world, doors.postgres);
  await inheritSteps(session);
  for (const { name } of world.records.values())
    if (await doors.runners.spoolExists(name)) world.spools.add(name);
  await recallIdle(session);
  session.desk = await openDesk(session);
  session.questions = await openQuestionBoard(session);
}

/**
 * A predecessor's open steps may still take effect in the engine. Its creates and starts count as granted memory until
 * their deadline has passed; the rows are closed as unknown.
 */
async function inheritSteps(session: Session): Promise<void> {
  const { world, doors } = session;
  const open = await doors.postgres.openStepsOfOthers(world.install.epoch);
  for (const step of open) {
    const record = world.records.get(step.project);
    if (record !== undefined && MAY_TAKE_MEMORY.has(step.kind))
      world.acting.set(step.project, record.spec.limits.memoryBytes);
  }
  if (world.acting.size > 0) {
    const timer = setTimeout(() => {
      world.acting.clear();
      session.triggerHost("predecessor's steps are over");
    }, CREATE_DEADLINE_MS);
    timer.unref();
    session.signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  }
  await doors.postgres
    .settleSteps(
      world.install.epoch,
      open.map(({ rowId }) => ({
        rowId,
        outcome: "failed" as const,
        code: "loop.outcome-unknown",
        detail: "the daemon that began it is gone; the next look tells what came of it",
      })),
    )
    .catch((error: unknown) =>
      session.log.warn({ chain: causeChain(error) }, "open steps not settled"),
    );
}

const MAY_TAKE_MEMORY: ReadonlySet<string> = new Set([
  "create-container",
  "start-container",
  "update-container",
]);
/** The docker door's own deadline for a create. */
const CREATE_DEADLINE_MS = 15_000;
