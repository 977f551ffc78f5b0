/** The fake engine of the properties, replayed step by step against a real one: both must refuse and end alike. */
import { expect, test } from "vitest";
import * as fc from "fast-check";
import type { ContainerSpec, NetworkSpec } from "../../../src/model/desired.ts";
import type { Step, StepAction } from "../../../src/model/step.ts";
import { openHarbour, type Harbour } from "../../support/engine.ts";
import { applyStep, changeContainer, NOTHING, type FakeEngine } from "../../support/fake-engine.ts";
import { TOUCHED } from "../../support/fake-worlds.ts";

const MIB = 2 ** 20;

/** What may be asked at any time, of whatever container and network there are. */
const VERBS = [
  "create-network",
  "create-container",
  "create-other",
  "start",
  "stop",
  "pause",
  "thaw",
  "shrink",
  "grow",
  "touch",
  "disconnect",
  "connect",
  "remove-container",
  "remove-network",
] as const;
type Verb = (typeof VERBS)[number];
type Asked = Exclude<Verb, "touch">;

/** A whole life first, then what chance brings; the seed is fixed so that a failure can be run again. */
const LIFE: readonly Verb[] = [
  ...([
    "create-container",
    "start",
    "create-network",
    "create-network",
    "start",
    "start",
    "create-other",
  ] as const),
  ...([
    "create-container",
    "touch",
    "shrink",
    "touch",
    "grow",
    "remove-network",
    "disconnect",
    "connect",
    "pause",
    "pause",
    "thaw",
  ] as const),
  ...([
    "remove-container",
    "stop",
    "stop",
    "start",
    "stop",
    "remove-network",
    "start",
    "remove-container",
    "remove-container",
  ] as const),
];
const CHANCES = fc.sample(fc.array(fc.constantFrom(...VERBS), { minLength: 20, maxLength: 20 }), {
  numRuns: 5,
  seed: 26,
});

interface Replay {
  readonly harbour: Harbour;
  readonly spec: ContainerSpec;
  readonly network: NetworkSpec;
  /** Ids of the fake's objects to ids of the engine's. */
  readonly ids: Map<string, string>;
}

const SCRIPTS = [
  { name: "a whole life", verbs: LIFE },
  ...CHANCES.map((verbs, at) => ({ name: `chance ${at + 1}`, verbs })),
];

test.each(SCRIPTS)("fake and real engine refuse and end alike through $name", async ({ verbs }) => {
  const harbour = await openHarbour();
  const network = harbour.networkSpec("web", "none");
  const base = harbour.spec("web", { networkName: network.name });
  const labels = { ...base.labels, "berth.project": "web", "berth.spec-hash": base.specHash };
  const replay: Replay = { harbour, spec: { ...base, labels }, network, ids: new Map() };
  let fake: FakeEngine = {
    ...NOTHING,
    images: { [base.image]: "sha256:1" },
    spools: { web: null },
  };
  const said: string[] = [];
  const expected: string[] = [];
  for (const verb of verbs) {
    if (verb === "touch") {
      fake = await touch(fake, replay);
      continue;
    }
    const step = stepOf(verb, fake, replay);
    if (step === null) continue;
    const effect = applyStep(fake, step);
    const before = fake;
    fake = effect.ok ? effect.engine : fake;
    expected.push(`${verb}: ${effect.ok ? "done" : "refused"}, ${fakeWorld(fake)}`);
    const answer = await perform(step, replay);
    if (answer.id !== null) learn([before, fake], answer.id, replay);
    said.push(`${verb}: ${answer.ok ? "done" : "refused"}, ${await realWorld(replay)}`);
  }
  expect(said).toEqual(expected);
});

/** A foreign hand, which no step is. */
async function touch(fake: FakeEngine, { harbour, ids }: Replay): Promise<FakeEngine> {
  const [container] = fake.containers;
  if (container === undefined) return fake;
  await harbour.raw.getContainer(ids.get(container.id) ?? "").update({
    MemorySwap: -1,
    RestartPolicy: { Name: TOUCHED.restartPolicy },
    CpusetCpus: TOUCHED.cpuset,
    MemoryReservation: TOUCHED.reservationBytes,
  });
  return changeContainer(fake, container.id, { pinned: TOUCHED });
}

function stepOf(verb: Asked, fake: FakeEngine, { spec, network }: Replay): Step | null {
  const containerId = fake.containers[0]?.id ?? null;
  const networkId = fake.networks[0]?.id ?? null;
  const action = actionOf(verb, { containerId, networkId, spec, network });
  const shared = {
    id: 1,
    after: [],
    project: "web",
    resource: "r",
    cause: "c",
    impact: "none",
    changes: [],
    interrupts: [],
    external: false,
  } as const;
  return action === null ? null : { ...shared, ...action };
}

/** Null: there is nothing yet to ask it of. */
function actionOf(
  verb: Asked,
  {
    containerId,
    networkId,
    spec,
    network,
  }: Readonly<{
    containerId: string | null;
    networkId: string | null;
    spec: ContainerSpec;
    network: NetworkSpec;
  }>,
): StepAction | null {
  if (verb === "create-network") return { kind: "create-network", network };
  if (verb === "create-container") return { kind: "create-container", container: spec };
  if (verb === "create-other") {
    return {
      kind: "create-container",
      container: {
        ...spec,
        specHash: "other",
        labels: { ...spec.labels, "berth.spec-hash": "other" },
      },
    };
  }
  if (verb === "remove-network")
    return networkId === null ? null : { kind: "remove-network", networkId };
  if (containerId === null) return null;
  switch (verb) {
    case "start":
      return { kind: "start-container", containerId };
    case "stop":
      return { kind: "stop-container", containerId, graceMs: 1_000 };
    case "pause":
      return { kind: "pause-container", containerId };
    case "thaw":
      return { kind: "thaw-container", containerId };
    case "shrink":
      return {
        kind: "update-container",
        containerId,
        limits: { ...spec.limits, memoryBytes: 48 * MIB },
      };
    case "grow":
      return {
        kind: "update-container",
        containerId,
        limits: { ...spec.limits, memoryBytes: 96 * MIB },
      };
    case "remove-container":
      return { kind: "remove-container", containerId };
    case "disconnect":
      return networkId === null ? null : { kind: "disconnect-network", containerId, networkId };
    case "connect":
      return networkId === null ? null : { kind: "connect-network", containerId, networkId };
  }
}

type Answer = Readonly<{ ok: boolean; id: string | null }>;

async function perform(step: Step, replay: Replay): Promise<Answer> {
  try {
    return { ok: true, id: await ask(step, replay) };
  } catch {
    return { ok: false, id: null };
  }
}

/** The id of what was made, else null. */
async function ask(step: Step, { harbour, ids }: Replay): Promise<string | null> {
  const { engine, own } = harbour;
  const real = (id: string | null): string => ids.get(id ?? "") ?? "unknown";
  switch (step.kind) {
    case "create-network": {
      const id = await engine.createNetwork(step.network, own, "web");
      harbour.reapLater("network", id);
      return id;
    }
    case "create-container":
      return harbour.container(step.container);
    case "start-container":
      await engine.startContainer(real(step.containerId));
      return null;
    case "stop-container":
      await engine.stopContainer(real(step.containerId), step.graceMs);
      return null;
    case "pause-container":
      await engine.pauseContainer(real(step.containerId));
      return null;
    case "thaw-container":
      await engine.thawContainer(real(step.containerId));
      return null;
    case "update-container":
      await engine.updateContainer(real(step.containerId), step.limits);
      return null;
    case "remove-container":
      await engine.removeContainer(real(step.containerId));
      return null;
    case "remove-network":
      await engine.removeNetwork(real(step.networkId));
      return null;
    case "connect-network":
      await engine.connectNetwork(real(step.networkId), real(step.containerId));
      return null;
    case "disconnect-network":
      await engine.disconnectNetwork(real(step.networkId), real(step.containerId));
      return null;
    case "configure-agents":
    case "create-volume":
    case "ensure-image":
    case "prepare-spool":
    case "release-subnet":
    case "remove-spool":
    case "remove-volume":
    case "settle-phase":
    case "settle-runs":
      throw new Error(`${step.kind} is not replayed`);
  }
}

/** What the fake has made by this step is what the engine gave this id. */
function learn(
  [before, after]: readonly [FakeEngine, FakeEngine],
  id: string,
  { ids }: Replay,
): void {
  const known = new Set([...before.containers, ...before.networks].map((each) => each.id));
  const made = [...after.containers, ...after.networks].find((each) => !known.has(each.id));
  if (made !== undefined) ids.set(made.id, id);
}

function fakeWorld({ containers, networks }: FakeEngine): string {
  const words = containers.map(
    ({ state, limits, tmpfsBytes, pinned, networkIds }) =>
      `${state} ${limits.memoryBytes / MIB}MiB tmpfs ${tmpfsBytes / MIB}MiB ${JSON.stringify(pinned)} ${state === "running" ? attached(networkIds.length) : ""}`,
  );
  return worldOf(words, networks.length);
}

async function realWorld({ harbour }: Replay): Promise<string> {
  const { containers, networks } = await harbour.engine.snapshot();
  const mine = containers.filter(({ own }) => own.installUid === harbour.own.installUid);
  const words = await Promise.all(
    mine.map(async ({ id, state, networkIds }) => {
      const seen = await harbour.engine.inspect(id);
      const tmpfs = `tmpfs ${(seen?.tmpfsBytes ?? 0) / MIB}MiB ${JSON.stringify(seen?.pinned)}`;
      return `${state} ${(seen?.limits.memoryBytes ?? 0) / MIB}MiB ${tmpfs} ${state === "running" ? attached(networkIds.length) : ""}`;
    }),
  );
  return worldOf(
    words,
    networks.filter(({ own }) => own.installUid === harbour.own.installUid).length,
  );
}

function attached(count: number): string {
  return count > 0 ? "attached" : "alone";
}

function worldOf(containers: readonly string[], networks: number): string {
  return `containers [${containers.join("; ")}], networks ${networks}`;
}
