/** Wake-ups: which engine event calls for which pass. Events carry no truth; they only say where to look. */
import type { EngineEvent } from "../model/observed.ts";
import { isOurs } from "../observe/belongings.ts";
import { heardOom } from "./deaths.ts";
import type { Session } from "./session.ts";

/** Container actions that may have changed what we observe. Others (exec_*, top, attach, …) are everyday noise. */
const TELLING: ReadonlySet<string> = new Set([
  "create",
  "start",
  "die",
  "stop",
  "kill",
  "oom",
  "pause",
  "unpause",
  "update",
  "destroy",
  "rename",
]);
const NETWORK_TELLING: ReadonlySet<string> = new Set([
  "connect",
  "disconnect",
  "destroy",
  "create",
]);

/** The engine tells of these before its own lists show them (seen: a list right after `pause` says running). */
const TOLD_EARLY: ReadonlySet<string> = new Set(["pause", "unpause", "connect", "disconnect"]);
/** Longer than the engine takes to write the container's state down on a busy disk; far below the 2 s that drift may go unseen. */
const SECOND_LOOK_MS = 400;
/** Projects whose second look is due; bounded by the number of projects. */
const awaiting = new WeakMap<Session, Set<string>>();

/** What comes with every start. */
const BROUGHT_ABOUT: ReadonlySet<string> = new Set(["create", "start", "connect"]);

/** Takes one engine event; ignores what concerns nobody of ours. */
export function wake(event: EngineEvent, session: Session): void {
  switch (event.type) {
    case "container":
      if (TELLING.has(event.action)) wakeForContainer(event, session);
      return;
    case "network":
      if (NETWORK_TELLING.has(event.action)) wakeForNetwork(event, session);
      return;
    case "image":
      session.world.images.clear();
      session.world.refused.clear();
      session.triggerHost("image changed");
      return;
  }
}

function wakeForContainer(event: EngineEvent, session: Session): void {
  session.inspections.forget(event.id);
  const project = projectOf(event, session);
  if (project === null) return;
  if (event.action === "oom") heardOom(project, event.at, session);
  if (event.action === "pause" || event.action === "unpause")
    session.doors.runners.setFrozen(project, event.action === "pause");
  // Nobody's pass looks at an orphan but the host's.
  if (!session.world.records.has(project)) session.triggerHost("unknown project");
  trigger(project, event, session);
}

function wakeForNetwork(event: EngineEvent, session: Session): void {
  const container = event.attributes["container"];
  if (container !== undefined) session.inspections.forget(container);
  const projects = new Set([projectOf(event, session), ownerOf(container, session)]);
  for (const project of projects) if (project !== null) trigger(project, event, session);
}

/** The project of a container that was connected to, or taken off, whatever network. */
function ownerOf(containerId: string | undefined, session: Session): string | null {
  const { install, installUid } = session.world.install;
  const found = session.relist.latest()?.containers.find(({ id }) => id === containerId);
  return found !== undefined && isOurs(found.own, install, installUid) ? found.own.project : null;
}

function trigger(project: string, { type, action }: EngineEvent, session: Session): void {
  // The pass that is starting it looks again by itself.
  if (BROUGHT_ABOUT.has(action) && session.world.starting.has(project)) return;
  session.trigger(project, `${type} ${action}`);
  const due = awaiting.get(session) ?? new Set<string>();
  awaiting.set(session, due);
  if (!TOLD_EARLY.has(action) || due.has(project)) return;
  due.add(project);
  // A timer of its own: a delayed trigger would fold into the one at once.
  const timer = setTimeout(() => {
    due.delete(project);
    if (!session.signal.aborted) session.trigger(project, `${type} ${action}, second look`);
  }, SECOND_LOOK_MS);
  timer.unref();
}

/** By our labels, else by the name: an object that took our name concerns the project too. */
function projectOf(event: EngineEvent, session: Session): string | null {
  const { install, installUid } = session.world.install;
  if (event.own.install === install && event.own.installUid === installUid)
    return event.own.project;
  const prefix = `berth-${install}-`;
  if (event.name === null || !event.name.startsWith(prefix)) return null;
  const project = event.name.slice(prefix.length);
  return session.world.records.has(project) ? project : null;
}
