/** What is left of a faulty project: the rest of it is still checked, so that all that is wrong is told at once. */
import type { Fault } from "../schema/check.ts";
import { nearest } from "./nearest.ts";
import { mapOf } from "./node.ts";
import type { MapNode, Path } from "./node.ts";

/** The map without what its faults are about; null when a fault is about the whole of it. */
export function withoutFaults(map: MapNode, faults: readonly Fault[]): MapNode | null {
  let left: MapNode = map;
  for (const fault of faults) {
    const path = removable(fault);
    if (path.length === 0) return null;
    left = without(left, path);
  }
  return left;
}

/** To the innermost entry around the fault: an item of a list takes the list along, a missing key the map it is missing from. */
function removable({ kind, path }: Fault): readonly string[] {
  const item = path.findIndex((part) => typeof part === "number");
  const keys = (item < 0 ? path : path.slice(0, item)).map(String);
  return kind === "missing-value" && item < 0 ? keys.slice(0, -1) : keys;
}

function without(map: MapNode, [key, ...rest]: readonly string[]): MapNode {
  const inner = key === undefined ? undefined : mapOf(map, key);
  const entries = map.entries.flatMap((entry) => {
    if (entry.key !== key) return [entry];
    return rest.length === 0 || inner === undefined
      ? []
      : [{ ...entry, value: without(inner, rest) }];
  });
  return { ...map, entries };
}

/** Whether a value may be other than was meant because of these faults: in it, around it, or at a key that may be it misspelt. */
export function isTouched(path: Path, faults: readonly Fault[]): boolean {
  return faults.some((fault) => {
    const common = commonLength(path, fault.path);
    if (common === path.length || common === fault.path.length) return true;
    const [theirs, ours] = [fault.path[common], path[common]];
    return (
      fault.kind === "unknown-key" &&
      common === fault.path.length - 1 &&
      nearest(String(theirs), [String(ours)]) !== null
    );
  });
}

function commonLength(one: Path, other: Path): number {
  const at = one.findIndex((part, index) => part !== other[index]);
  return at < 0 ? one.length : at;
}
