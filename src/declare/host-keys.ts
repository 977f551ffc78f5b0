/** How a host file is told from a project file, without the schemas: loading those takes longer than reading the files. */
import type { MapNode } from "./node.ts";

const HOST_KEYS = ["host", "defaults", "templates", "include", "projects"];

/** Whether it has a key that only a host file has. */
export function hasHostKey(map: MapNode): boolean {
  return map.entries.some((entry) => HOST_KEYS.includes(entry.key));
}
