/** Wake-ups: which engine event calls for which pass. Events carry no truth; they only say where to look. */
import type { EngineEvent } from "../model/observed.ts";
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
    case "volume":
    case "daemon":
      return;
  }
}

function wakeForContainer(event: EngineEvent, session: Session): void {
  session.inspections.forget(event.id);
  const project = projectOf(event, session);
  if (project === null) return;
  if (event.action === "pause" || event.action === "unpause")
    session.doors.runners.setFrozen(project, event.action === "pause");
  session.trigger(project, `container ${event.action}`);
}

function wakeForNetwork(event: EngineEvent, session: Session): void {
  const container = event.attributes["container"];
  if (container !== undefined) session.inspections.forget(container);
  const project = projectOf(event, session);
  if (project !== null) session.trigger(project, `network ${event.action}`);
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
