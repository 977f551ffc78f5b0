/** The runner's files as a volume named by the runner image's digest, filled once by the engine's own copy. */

/*
 * INVARIANTS: the marker is written only after the copy ended, so a volume with the marker is whole; a volume without it
 * is thrown away, never topped up (the engine copies only into an empty volume); the claim container's name is the lock.
 */
import { setTimeout as wait } from "node:timers/promises";
import type Docker from "dockerode";
import { DEADLINE, type Connection } from "./connection.ts";
import { runVerb } from "./containers.ts";
import { orNull } from "./or-null.ts";
import type { ImageFacts, Ownership } from "./door.ts";
import { dockerError, statusOfAnswer } from "./errors.ts";
import { isOwn, LABEL, ownershipLabels, readOwn } from "./labels.ts";
import { dropErrand, errandName } from "./errand.ts";
import { tarOfEmptyFile } from "./tar.ts";
import { findVolume, removeVolume } from "./volumes.ts";

const TARGET = "/.berth";
const MARKER = ".filled";
const POLL_MS = 100;
/** A claim of our own epoch older than this was left by a create nobody waited for. */
const CLAIM_STALE_MS = 60_000;

export interface WantedRunner {
  readonly image: ImageFacts;
  readonly own: Ownership;
  readonly now: () => number;
}

interface Filling extends WantedRunner {
  readonly link: Connection;
  readonly volume: string;
  readonly claim: string;
}

/** `berth-<install>-runner-<digest>`, found or made; returns its name. */
export async function fillRunnerVolume(link: Connection, wanted: WantedRunner): Promise<string> {
  const digest = wanted.image.id.replace(/^sha256:/, "").slice(0, 12);
  const volume = `berth-${wanted.own.install}-runner-${digest}`;
  const filling: Filling = { ...wanted, link, volume, claim: `${volume}-fill` };
  const deadline = performance.now() + DEADLINE.fill;
  while (performance.now() < deadline) {
    const found = await findVolume(link, volume);
    if (found !== null && !isOwn(found.Labels, wanted.own))
      throw dockerError(
        "docker.name-taken",
        `a volume named ${volume} exists and is not of this install`,
      );
    if (found !== null && (await isWhole(filling))) return volume;
    const settled = found === null ? await fill(filling) : await discard(filling);
    if (!settled) await wait(POLL_MS);
  }
  throw dockerError(
    "docker.fill-pending",
    `somebody else has been filling ${volume} for ${DEADLINE.fill} ms`,
  );
}

/** Looks for the marker through a container that is never started: the volume may lie on another machine's disk. */
async function isWhole(filling: Filling): Promise<boolean> {
  const { link, volume, image, own } = filling;
  const probe = await link.call("probe runner volume", DEADLINE.create, (abortSignal) =>
    link.api.createContainer({
      ...holderBody(image, own),
      HostConfig: holding(volume, own, true),
      abortSignal,
    }),
  );
  try {
    const found = await orNull(
      link.call("look for marker", DEADLINE.quick, () =>
        link.api.getContainer(probe.id).infoArchive({ path: `${TARGET}/${MARKER}` }),
      ),
    );
    return found !== null;
  } finally {
    await dropErrand(link, probe.id);
  }
}

/** Creates the claim, which makes the engine copy; true when the volume may be looked at again at once. */
async function fill(filling: Filling): Promise<boolean> {
  const { link, volume, claim, image, own } = filling;
  const id = await link.call("fill runner volume", DEADLINE.fill, async (abortSignal) => {
    const HostConfig = holding(volume, own, false);
    try {
      const body = { ...holderBody(image, own), name: claim, HostConfig, abortSignal };
      return (await link.streams.createContainer(body)).id;
    } catch (thrown) {
      if (statusOfAnswer(thrown) === 409) return null;
      throw thrown;
    }
  });
  if (id === null) return dropStaleClaim(filling);
  try {
    await link.call("mark runner volume", DEADLINE.create, () =>
      link.api.getContainer(id).putArchive(tarOfEmptyFile(MARKER), { path: TARGET }),
    );
  } finally {
    await dropErrand(link, id);
  }
  return true;
}

/** Throws an unmarked volume away, unless somebody is filling it right now (then the engine calls it busy). */
async function discard(filling: Filling): Promise<boolean> {
  const free = await dropStaleClaim(filling);
  if (!free) return false;
  try {
    await removeVolume(filling.link, filling.volume);
    return true;
  } catch {
    return false;
  }
}

/** True when no claim stands any more; a claim of an older epoch belongs to a leader that is gone. */
async function dropStaleClaim({ link, claim, own, now }: Filling): Promise<boolean> {
  const listed = await link.call("list claims", DEADLINE.quick, (abortSignal) =>
    link.api.listContainers({ all: true, filters: { name: [claim] }, abortSignal }),
  );
  const found = listed.find((each) => each.Names.includes(`/${claim}`));
  if (found === undefined) return true;
  if (!isOwn(found.Labels, own))
    throw dockerError(
      "docker.name-taken",
      `a container named ${claim} exists and is not of this install`,
    );
  const older = (readOwn(found.Labels).epoch ?? 0) < own.epoch;
  if (!older && now() - found.Created * 1000 < CLAIM_STALE_MS) return false;
  await runVerb(link, "remove", found.Id);
  return true;
}

function holderBody(image: ImageFacts, own: Ownership): Docker.ContainerCreateOptions {
  return {
    Image: image.id,
    name: errandName(own),
    // Never run; an image of files alone has no command, and the engine wants one.
    Entrypoint: ["/never"],
    Labels: { ...ownershipLabels(own), [LABEL.role]: "errand" },
  };
}

function holding(volume: string, own: Ownership, look: boolean): Docker.HostConfig {
  return {
    NetworkMode: "none",
    Mounts: [
      {
        Type: "volume",
        Source: volume,
        Target: TARGET,
        ReadOnly: look,
        VolumeOptions: {
          NoCopy: look,
          Labels: { ...ownershipLabels(own), [LABEL.role]: "runner" },
          DriverConfig: { Name: "local", Options: {} },
        },
      },
    ],
  };
}
