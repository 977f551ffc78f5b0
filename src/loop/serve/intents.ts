/** Writing what the operator wants: recorded and audited in one transaction, then a pass makes it so. */
import { setTimeout as sleep } from "node:timers/promises";
import { BerthError } from "../../base/errors.ts";
import { isOurs } from "../../observe/belongings.ts";
import type { EngineSnapshot, OwnLabels } from "../../model/observed.ts";
import type { ProjectView, RemovedView } from "../../model/view.ts";
import { askerName } from "../../model/access.ts";
import type { Wanted } from "../../model/lifecycle.ts";
import type { IntentRequest } from "../../postgres/door.ts";
import type { ProjectAsk } from "../daemon.ts";
import { readAnew } from "../absorb.ts";
import type { Session } from "../session.ts";
import { type DaemonState, leading } from "../state.ts";
import { oneView, recordOf } from "./views.ts";

/** Records one wish and triggers what it needs; returns the project as it is right after. */
export async function intend(
  ask: ProjectAsk,
  change: IntentRequest["change"],
  state: DaemonState,
): Promise<ProjectView> {
  const session = leading(state);
  const { world, doors, outbox } = session;
  recordOf(ask.project, session);
  const asked = { project: ask.project, change, by: ask.by, idempotencyKey: ask.idempotencyKey };
  const row = await doors.postgres
    .intend({ epoch: world.install.epoch, ...asked })
    .catch((error: unknown) => {
      // What was not answered may have been done all the same.
      if (isUnanswered(error)) void readAnew(ask.project, session);
      throw error;
    });
  world.records.set(row.name, row);
  session.idle.touch(row.name);
  for (const map of [world.refused, world.faults, world.repairs, world.owners])
    map.delete(row.name);
  outbox.add({
    project: row.name,
    kind: "project.asked",
    cause: "operator",
    message: sentence(row.name, change),
    fields: { wanted: row.wanted, by: askerName(ask.by) },
  });
  void outbox.flush();
  session.triggerHost("intent");
  session.trigger(row.name, "intent");
  session.desk?.dispatch();
  return oneView(row.name, state);
}

function isUnanswered(error: unknown): boolean {
  return !(error instanceof BerthError) || error.kind === "transient";
}

function sentence(project: string, change: IntentRequest["change"]): string {
  switch (change.kind) {
    case "wanted":
      return `${project} is wanted ${change.wanted}`;
    case "restart":
      return change.agent === null
        ? `${project} is to restart in a new container`
        : `${project}/${change.agent} is to restart`;
    case "scale":
      return `${project}/${change.agent} is to run ${change.replicas} times`;
    case "start-agent":
      return `${project}/${change.agent} is to start`;
    case "stop-agent":
      return `${project}/${change.agent} is to stop`;
  }
}

/** How long `remove` waits beyond the project's own grace. */
const REMOVE_DEADLINE_MS = 120_000;
const POLL_MS = 50;

/** Removes a project and waits until it is gone; says what was freed by comparing the engine before and after. */
export async function remove(
  ask: ProjectAsk,
  removeVolumes: boolean,
  state: DaemonState,
): Promise<RemovedView> {
  const session = leading(state);
  const record = recordOf(ask.project, session);
  const before = await session.relist.fresh();
  const spool = session.world.spools.has(ask.project);
  await intend(ask, { kind: "wanted", wanted: "removed" satisfies Wanted, removeVolumes }, state);
  const deadline = state.now() + REMOVE_DEADLINE_MS;
  while (session.world.records.has(ask.project)) {
    const fault = session.world.faults.get(ask.project);
    if (session.signal.aborted || state.now() > deadline) {
      throw new BerthError("transient", {
        code: "loop.remove-unfinished",
        detail: `${ask.project} is still being removed${fault === undefined ? "" : `: ${fault.detail}`}`,
        hint: "the daemon goes on with it; see `berth events`",
      });
    }
    await sleep(POLL_MS, undefined, { ref: false });
  }
  const after = await session.relist.fresh();
  const left = new Set(objectsOf(ask.project, after, session));
  const had = objectsOf(ask.project, before, session);
  return {
    project: ask.project,
    freed: [
      ...had.filter((object) => !left.has(object)),
      ...(record.subnet === null ? [] : [`subnet ${record.subnet}`]),
      ...(spool ? ["spool (journal and kept output)"] : []),
    ],
    kept: had.filter((object) => left.has(object)),
  };
}

function objectsOf(project: string, snapshot: EngineSnapshot, session: Session): readonly string[] {
  const { install, installUid } = session.world.install;
  const mine = ({ own }: Readonly<{ own: OwnLabels }>): boolean =>
    isOurs(own, install, installUid) && own.project === project;
  return [
    ...snapshot.containers.filter(mine).map(({ name }) => `container ${name}`),
    ...snapshot.networks.filter(mine).map(({ name }) => `network ${name}`),
    ...snapshot.volumes.filter(mine).map(({ name }) => `volume ${name} (data)`),
  ];
}
