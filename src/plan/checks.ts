/** Checks of a plan before anything is done: a planner's mistake must end as a defect, not as a lost container. */
import type { DesiredProject } from "../model/desired-project.ts";
import type { ObservedProject } from "../model/observed-project.ts";
import type { Plan, Step } from "../model/step.ts";
import { isLive } from "./live.ts";

interface Case {
  readonly desired: DesiredProject;
  readonly observed: ObservedProject;
  /** The steps this one comes after, directly or not. */
  readonly before: readonly Step[];
}

type Check = (step: Step, given: Case) => string | null;

/** Sentences naming what is wrong with the plan; empty: it may be acted on. */
export function checkPlan(
  plan: Plan,
  desired: DesiredProject,
  observed: ObservedProject,
): readonly string[] {
  const order = orderFaults(plan);
  // Without a sound order "comes after" means nothing, so the other checks would only mislead.
  if (order.length > 0) return order;
  const faults = plan.steps.flatMap((step) => {
    const given: Case = { desired, observed, before: ancestorsOf(step, plan) };
    return CHECKS.flatMap((check) => check(step, given) ?? []).map(
      (fault) => `#${step.id} ${step.kind}: ${fault}`,
    );
  });
  return [...countFaults(plan), ...faults];
}

function orderFaults(plan: Plan): readonly string[] {
  return plan.steps.flatMap((step, index) => {
    const faults: string[] = [];
    if (step.id !== index + 1) faults.push(`#${step.id}: ids must count from 1 in order`);
    if (step.project !== plan.project)
      faults.push(`#${step.id}: belongs to ${step.project}, not to ${plan.project}`);
    for (const id of step.after)
      if (id >= step.id || id < 1) faults.push(`#${step.id}: cannot come after #${id}`);
    return faults;
  });
}

function ancestorsOf(step: Step, plan: Plan): readonly Step[] {
  const ids = new Set<number>();
  const open = [...step.after];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (ids.has(id)) continue;
    ids.add(id);
    open.push(...(plan.steps[id - 1]?.after ?? []));
  }
  return plan.steps.filter(({ id }) => ids.has(id));
}

function countFaults(plan: Plan): readonly string[] {
  const kinds = ["create-container", "start-container", "create-network"] as const;
  return kinds
    .filter((kind) => plan.steps.filter((step) => step.kind === kind).length > 1)
    .map((kind) => `more than one ${kind}`);
}

const removes = (before: readonly Step[], containerId: string): boolean =>
  before.some((step) => step.kind === "remove-container" && step.containerId === containerId);
const stops = (before: readonly Step[], containerId: string): boolean =>
  before.some((step) => step.kind === "stop-container" && step.containerId === containerId);

const ownContainer: Check = (step, { observed }) => {
  const named = "containerId" in step ? step.containerId : null;
  return named === null || observed.containers.some(({ id }) => id === named)
    ? null
    : `container ${named} is not ours`;
};

/** Only a disconnection may name a network that is not ours: it takes our own container off it. */
const ownNetwork: Check = (step, { observed }) => {
  if (!("networkId" in step) || step.kind === "disconnect-network") return null;
  return observed.networks.some(({ id }) => id === step.networkId)
    ? null
    : `network ${step.networkId} is not ours`;
};

const keepsOwnNetwork: Check = (step, { desired, observed }) => {
  if (step.kind !== "disconnect-network") return null;
  const own = observed.networks.find(({ name }) => name === desired.objectName);
  return own?.id === step.networkId ? "takes the container off its own network" : null;
};

const createsAlone: Check = (step, { desired, observed, before }) => {
  if (step.kind !== "create-container") return null;
  if (!desired.admitted) return "the project is not admitted";
  if (desired.wish !== "running") return `nothing is to run (${desired.wish})`;
  if (observed.foreign.container) return "its name is taken by a container that is not ours";
  const left = observed.containers.find(({ id }) => !removes(before, id));
  return left === undefined ? null : `container ${left.name} still exists`;
};

const startsAlone: Check = (step, { desired, observed, before }) => {
  if (step.kind !== "start-container") return null;
  if (desired.wish !== "running") return `nothing is to run (${desired.wish})`;
  if (step.containerId === null && !before.some(({ kind }) => kind === "create-container"))
    return "nothing was created to start";
  const others = observed.containers.filter(({ id }) => id !== step.containerId);
  const other = others.find(({ id }) => !removes(before, id));
  if (other !== undefined) return `container ${other.name} still exists`;
  return before.some(({ kind }) => kind === "prepare-spool") ? null : "the spool was not prepared";
};

const stopsAwake: Check = (step, { observed, before }) => {
  if (step.kind !== "stop-container") return null;
  const frozen = observed.containers.some(
    ({ id, state }) => id === step.containerId && state === "paused",
  );
  return frozen && !before.some(({ kind }) => kind === "thaw-container")
    ? "a frozen container must be thawed first"
    : null;
};

const removesStopped: Check = (step, { observed, before }) => {
  if (step.kind !== "remove-container") return null;
  const live = observed.containers.some(
    ({ id, state }) => id === step.containerId && isLive(state),
  );
  return live && !stops(before, step.containerId) ? "the container was not stopped first" : null;
};

const removesFreeNetwork: Check = (step, { observed, before }) => {
  if (step.kind !== "remove-network") return null;
  const user = observed.containers.find(({ id, networkIds, state }) => {
    const left = before.some(
      (earlier) =>
        earlier.kind === "disconnect-network" &&
        earlier.containerId === id &&
        earlier.networkId === step.networkId,
    );
    return isLive(state) && networkIds.includes(step.networkId) && !removes(before, id) && !left;
  });
  return user === undefined ? null : `container ${user.name} is still on it`;
};

const createsFreeNetwork: Check = (step, { observed, before }) => {
  if (step.kind !== "create-network") return null;
  if (observed.foreign.network) return "its name is taken by a network that is not ours";
  const same = observed.networks.find(({ name }) => name === step.network.name);
  const gone =
    same === undefined ||
    before.some((earlier) => earlier.kind === "remove-network" && earlier.networkId === same.id);
  return gone ? null : `network ${step.network.name} still exists`;
};

const keepsData: Check = (step, { desired, observed }) => {
  if (step.kind === "remove-spool")
    return desired.wanted === "removed" ? null : "the project is not removed";
  if (step.kind !== "remove-volume") return null;
  if (desired.wanted !== "removed" || !desired.removeVolumes)
    return "nobody asked to remove its volumes";
  return observed.volumes.includes(step.name) ? null : `volume ${step.name} is not ours`;
};

/** What a container uses may go only after the container. */
const freesUnused: Check = (step, { observed, before }) => {
  if (
    step.kind !== "remove-spool" &&
    step.kind !== "remove-volume" &&
    step.kind !== "release-subnet"
  )
    return null;
  const user = observed.containers.find(({ id }) => !removes(before, id));
  if (user !== undefined) return `container ${user.name} still exists`;
  if (step.kind !== "release-subnet") return null;
  const network = observed.networks.find(
    ({ id }) =>
      !before.some((earlier) => earlier.kind === "remove-network" && earlier.networkId === id),
  );
  return network === undefined ? null : `network ${network.name} still uses it`;
};

const keepsGrant: Check = (step, { desired }) => {
  const granted = desired.container?.limits.memoryBytes ?? 0;
  const asked =
    step.kind === "create-container"
      ? step.container.limits.memoryBytes
      : step.kind === "update-container"
        ? step.limits.memoryBytes
        : 0;
  return asked > granted ? "asks for more memory than was granted" : null;
};

const CHECKS: readonly Check[] = [
  ownContainer,
  ownNetwork,
  keepsOwnNetwork,
  createsAlone,
  startsAlone,
  stopsAwake,
  removesStopped,
  removesFreeNetwork,
  createsFreeNetwork,
  keepsData,
  freesUnused,
  keepsGrant,
];
