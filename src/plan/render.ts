/** A plan as text: one line a step for goldens and fingerprints, and a longer form for people. */
import { showBytes, showCpus } from "../model/amount.ts";
import type { LimitValues } from "../model/desired.ts";
import type { Plan, Step, StepKind, StepOf } from "../model/step.ts";

/** What each kind does, for people. Typed so that a kind without words does not compile. */
const WORDS: { readonly [K in StepKind]: (step: StepOf<K>) => string } = {
  "ensure-image": ({ image }) => `pull image ${image}`,
  "create-volume": ({ name }) => `create volume ${name}`,
  "remove-volume": ({ name }) => `remove volume ${name} and the data in it`,
  "create-network": ({ network }) =>
    `create network ${network.name} (${network.subnet}, egress ${network.egress})`,
  "remove-network": ({ networkId }) => `remove network ${brief(networkId)}`,
  "connect-network": ({ networkId }) => `connect to network ${brief(networkId)}`,
  "disconnect-network": ({ networkId }) => `disconnect from network ${brief(networkId)}`,
  "prepare-spool": ({ config }) =>
    `write the configuration of generation ${config.generation} to the spool`,
  "remove-spool": () => "remove the spool with the output kept in it",
  "create-container": ({ container }) =>
    `create container ${container.name} (${showLimits(container.limits)})`,
  "start-container": ({ containerId }) =>
    containerId === null ? "start the new container" : `start container ${brief(containerId)}`,
  "update-container": ({ containerId, limits }) =>
    `set limits of container ${brief(containerId)} to ${showLimits(limits)}`,
  "pause-container": ({ containerId }) => `freeze container ${brief(containerId)}`,
  "thaw-container": ({ containerId }) => `thaw container ${brief(containerId)}`,
  "stop-container": ({ containerId, graceMs }) =>
    `stop container ${brief(containerId)} (within ${graceMs / 1000} s)`,
  "remove-container": ({ containerId }) => `remove container ${brief(containerId)}`,
  "configure-agents": ({ config }) =>
    `give the runner the configuration of generation ${config.generation}`,
  "settle-runs": () => "record runs without an end as lost",
  "release-subnet": () => "give the subnet back",
  "settle-phase": ({ from, to }) => `record ${from} → ${to}`,
};

/** `[after] #id resource, step, cause`: no ids of the engine, so equal plans read equal wherever they are made. */
export function renderPlan(plan: Plan): string {
  const lines = plan.steps.map(
    ({ id, after, resource, kind, cause }) =>
      `[${after.join(",")}] #${id} ${resource}, ${kind}, ${cause}`,
  );
  return [...lines, ...plan.waiting.map((reason) => `waiting: ${reason}`)].join("\n");
}

/** For `berth plan`: what is done and why, fields old → new, impact, and whose processes it interrupts. */
export function renderForPeople(plan: Plan): string {
  const lines = plan.steps.flatMap((step) => [
    `  ${step.resource}: ${describeStep(step)}`,
    `    why: ${step.cause}${step.external ? " (not by Berth)" : ""}`,
    ...step.changes.map(({ field, from, to }) => `    ${field}: ${from} → ${to}`),
    ...(step.impact === "none" ? [] : [`    impact: ${step.impact}${interruption(step)}`]),
  ]);
  const waiting = plan.waiting.map((reason) => `  waiting: ${reason}`);
  return [`${plan.project} (generation ${plan.generation})`, ...lines, ...waiting].join("\n");
}

/** One step in a person's words. */
export function describeStep(step: Step): string {
  return words(step.kind, step);
}

/** `kind` fixes both the words and the step, so no cast is needed. */
function words<K extends StepKind>(kind: K, step: StepOf<K>): string {
  return WORDS[kind](step);
}

function interruption({ interrupts }: Step): string {
  return interrupts.length === 0 ? "" : `, interrupts ${interrupts.join(", ")}`;
}

function showLimits({ memoryBytes, nanoCpus, pids }: LimitValues): string {
  return `${showBytes(memoryBytes)}, cpus ${showCpus(nanoCpus)}, pids ${pids}`;
}

function brief(id: string): string {
  return id.slice(0, 12);
}
