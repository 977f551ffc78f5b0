/** What a project falls short of on a fake host, said without the planner's words: the oracle of the properties. */
import { settledPhase, type Wanted } from "../../src/model/lifecycle.ts";
import type { ProjectRecord } from "../../src/model/project-record.ts";
import { AS_CREATED } from "../../src/model/pinned.ts";
import { tmpfsFits } from "../../src/model/tmpfs.ts";
import { isLive } from "../../src/plan/live.ts";
import { liveOf, type Host } from "./fake-host.ts";
import { desired, imageOf } from "./project-samples.ts";

/** Empty when the world is as the record that was wanted says; `before` is the record before anything was done. */
export function shortOf(host: Host, before: ProjectRecord): readonly string[] {
  const wanted = before.phase === "removing" ? "removed" : before.wanted;
  const phase = host.records.find(({ name }) => name === before.name)?.phase ?? "removed";
  const moved = phase === settledPhase(wanted) ? [] : [`phase is ${phase}, wanted ${wanted}`];
  return [
    ...moved,
    ...Object.entries(expectations(host, before, wanted)).flatMap(([what, holds]) =>
      holds ? [] : [what],
    ),
  ];
}

function expectations(
  host: Host,
  before: ProjectRecord,
  wanted: Wanted,
): Readonly<Record<string, boolean>> {
  const { engine } = host;
  const containers = engine.containers.filter(({ project }) => project === before.name);
  switch (wanted) {
    case "active":
      return runningAsDesired(host, before);
    case "frozen":
      return {
        "at most one container": containers.length <= 1,
        "nothing runs": containers.every(({ state }) => state === "paused" || !isLive(state)),
      };
    case "stopped":
      return {
        "at most one container": containers.length <= 1,
        "nothing lives": liveOf(engine, before.name).length === 0,
        "no run is open": !engine.openRuns.includes(before.name),
      };
    case "inactive":
    case "completed":
    case "removed":
      return {
        "no container": containers.length === 0,
        "no network": engine.networks.every(({ project }) => project !== before.name),
        "no run is open": !engine.openRuns.includes(before.name),
        "no subnet":
          (host.records.find(({ name }) => name === before.name)?.subnet ?? null) === null,
        "no spool once removed": wanted !== "removed" || engine.spools[before.name] === undefined,
        "volumes go only when asked":
          wanted !== "removed" ||
          !before.removeVolumes ||
          engine.volumes.every(({ project }) => project !== before.name),
      };
  }
}

function runningAsDesired(
  { engine }: Host,
  before: ProjectRecord,
): Readonly<Record<string, boolean>> {
  const [container, ...more] = engine.containers.filter(({ project }) => project === before.name);
  // Whatever its name means by now: a container is held to the image it was made from.
  const image = imageOf(container?.imageId ?? "none");
  const wish = desired({ ...before, phase: "active" }, { image });
  const [network, ...others] = engine.networks.filter(({ project }) => project === before.name);
  return {
    "one container": container !== undefined && more.length === 0,
    "by its name": container?.name === wish.objectName,
    "it runs": container?.state === "running",
    "of the desired spec": container?.specHash === wish.container?.specHash,
    "with the desired limits":
      JSON.stringify(container?.limits) === JSON.stringify(wish.container?.limits),
    "as it was created": JSON.stringify(container?.pinned) === JSON.stringify(AS_CREATED),
    "its files in memory leave room":
      container !== undefined && tmpfsFits(container.tmpfsBytes, container.limits.memoryBytes),
    "one network": network !== undefined && others.length === 0,
    "on the desired subnet and egress":
      network?.subnet === before.subnet && network?.egress === wish.egress,
    "attached to it alone":
      container?.networkIds.length === 1 && container.networkIds[0] === network?.id,
    "its runner has the desired configuration":
      engine.runners[before.name]?.hash === wish.runnerConfig?.hash,
    "its volumes exist": wish.volumes.every((volume) =>
      engine.volumes.some(({ name, project }) => name === volume.name && project === before.name),
    ),
  };
}
