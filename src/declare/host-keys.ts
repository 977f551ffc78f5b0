/** How a host file is told from a project file, without the schemas: loading those takes longer than reading the files. */
import type { MapNode } from "./node.ts";

/** The entry of a bundle of project files from one directory: an empty file, since none of them is the one that was named. */
export const NO_HOST = ".";

const HOST_KEYS = ["host", "defaults", "templates", "include", "projects"];

/** Whether it has a key that only a host file has. */
export function hasHostKey(map: MapNode): boolean {
  return map.entries.some((entry) => HOST_KEYS.includes(entry.key));
}
