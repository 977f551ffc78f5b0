/** One text and one hash for equal values, whatever the order of their keys. */
import { createHash } from "node:crypto";

/** JSON with sorted keys and no spaces; what JSON cannot carry (functions, NaN, cycles) throws instead of vanishing. */
export function canonicalJson(value: unknown): string {
  return write(value, 0);
}

/** SHA-256 of a text in hex. */
export function sha256(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}

/** SHA-256 of the canonical JSON of a value, in hex. */
export function hashOf(value: unknown): string {
  return sha256(canonicalJson(value));
}

/** The first 16 hexadecimal digits of `hashOf`: enough for labels, where nobody looks for a collision. */
export function shortHash(value: unknown): string {
  return hashOf(value).slice(0, 16);
}

/** Deeper than anything we hash; met only by a cycle. */
const MAX_DEPTH = 100;

function write(value: unknown, depth: number): string {
  if (depth > MAX_DEPTH) throw new TypeError("cannot hash a value nested this deep");
  if (value === null || typeof value === "boolean" || typeof value === "string")
    return JSON.stringify(value);
  if (typeof value === "number" && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value))
    return `[${value.map((item: unknown) => write(item, depth + 1)).join(",")}]`;
  if (value === undefined) return "null"; // in a list, as JSON has it; a member is left out below
  if (typeof value === "object") return `{${members(value, depth).join(",")}}`;
  throw new TypeError(`cannot hash a ${typeof value}`);
}

/** An undefined member counts as absent, as in JSON. */
function members(value: object, depth: number): readonly string[] {
  return Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${write(member, depth + 1)}`);
}
