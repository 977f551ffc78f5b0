/** What Docker objects of a project are called. */
import { shortHash } from "../base/hash.ts";

/** A bridge device's name is a kernel interface name: 15 characters at most. */
const MAX_BRIDGE = 15;

/** Container and network of a project: `berth-<install>-<project>`. */
export function objectName(install: string, project: string): string {
  return `berth-${install}-${project}`;
}

/** `berth-<install>-<project>.<key>`. */
export function volumeName(install: string, project: string, key: string): string {
  return `${objectName(install, project)}.${key}`;
}

/** The prefix the firewall matches, then a hash of the project: names of projects are longer than a device may be called. */
export function bridgeName(prefix: string, project: string): string {
  return `${prefix}${shortHash(project)}`.slice(0, MAX_BRIDGE);
}

/** The key of the volume for an image's VOLUME path; it depends on the path alone, so reordering them moves nothing. */
export function imageVolumeKey(path: string): string {
  const slug = path
    .replace(/[^A-Za-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 40);
  return `image-${slug}-${shortHash(path).slice(0, 6)}`;
}
