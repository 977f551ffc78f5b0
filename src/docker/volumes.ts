/** Volumes: made with our labels, never taken over from somebody else, never removed when not ours to begin with. */
import type Docker from "dockerode";
import { DEADLINE, type Connection } from "./connection.ts";
import { orNull } from "./or-null.ts";
import type { Ownership } from "./door.ts";
import { dockerError } from "./errors.ts";
import { isOwn, LABEL, ownershipLabels, readOwn, type Labels } from "./labels.ts";

/** The engine answers "created" for a volume that already exists, whoever made it: so its labels are read back. */
export async function createVolume(
  link: Connection,
  wanted: Readonly<{ name: string; own: Ownership; labels: Labels }>,
): Promise<void> {
  const { name, own, labels } = wanted;
  const made = await link.call("create volume", DEADLINE.quick, (abortSignal) =>
    link.api.createVolume({
      Name: name,
      Driver: "local",
      Labels: { ...labels, ...ownershipLabels(own) },
      abortSignal,
    }),
  );
  await ownVolume(link, made.name, own);
}

/** Many containers are made at once, and all mount the runner's and the spool's volume: one look serves them. */
const OWN_FOR_MS = 2_000;

/** Makes sure that a volume exists and is of this install, as of at most two seconds ago. */
export async function ownVolume(link: Connection, name: string, own: Ownership): Promise<void> {
  const seen = link.ownVolumes.get(name);
  if (seen !== undefined && performance.now() - seen < OWN_FOR_MS) return;
  link.ownVolumes.delete(name);
  const asked = performance.now();
  const found = await findVolume(link, name);
  if (found === null) throw dockerError("docker.not-found", `there is no volume ${name}`);
  if (isOwn(found.Labels, own) || isGivenSpool(found.Labels, own)) {
    link.ownVolumes.set(name, asked);
    return;
  }
  throw dockerError(
    "docker.name-taken",
    `a volume named ${name} exists and is not of this install`,
    {
      hint: `see what it is with: docker volume inspect ${name}`,
    },
  );
}

/**
 * The spool of a daemon in a container is mounted into it before it has read its uid, so compose makes that one volume
 * and labels it with install and role alone. A uid that is there and differs still says: somebody else's.
 */
function isGivenSpool(labels: Labels | null, own: Ownership): boolean {
  const read = readOwn(labels);
  return (
    read.installUid === null && read.install === own.install && labels?.[LABEL.role] === "spool"
  );
}

/** The volume as the engine knows it, or null. */
export async function findVolume(
  link: Connection,
  name: string,
): Promise<Docker.VolumeInspectInfo | null> {
  return orNull(
    link.call("inspect volume", DEADLINE.quick, (abortSignal) =>
      link.api.getVolume(name).inspect({ abortSignal }),
    ),
  );
}

/** Removes a volume; `docker.busy` while a container has it. */
export async function removeVolume(link: Connection, name: string): Promise<void> {
  link.ownVolumes.delete(name);
  await orNull(
    link.call("remove volume", DEADLINE.create, (abortSignal) =>
      link.api.getVolume(name).remove({ abortSignal }),
    ),
  );
}

/** Host path of a local volume. */
export async function volumePath(link: Connection, name: string): Promise<string> {
  const found = await findVolume(link, name);
  if (found === null) throw dockerError("docker.not-found", `there is no volume ${name}`);
  return found.Mountpoint;
}
