/**
 * A fingerprint: a label-sized text that says of each part what it is, so that two of them tell which parts differ.
 * One opaque hash would only say that something differs; the reason of a replacement must be named, also after a restart.
 */

const PARTS = "~";
const VALUE = ".";

export interface PartChange {
  readonly part: string;
  /** Null: the part was not there. */
  readonly from: string | null;
  readonly to: string | null;
}

/** Parts in the given order; names and values hold no `~`, values no `.`. */
export function fingerprint(parts: readonly (readonly [name: string, value: string])[]): string {
  return parts.map(([name, value]) => `${name}${VALUE}${value}`).join(PARTS);
}

/** What differs between two fingerprints; null when `from` is missing or is not a fingerprint. */
export function fingerprintChanges(from: string | null, to: string): readonly PartChange[] | null {
  if (from === to) return [];
  const before = from === null ? null : read(from);
  const after = read(to);
  if (before === null || after === null) return null;
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names.flatMap((part) => {
    const change = { part, from: before.get(part) ?? null, to: after.get(part) ?? null };
    return change.from === change.to ? [] : [change];
  });
}

function read(text: string): ReadonlyMap<string, string> | null {
  const parts = new Map<string, string>();
  for (const piece of text.split(PARTS)) {
    const at = piece.lastIndexOf(VALUE);
    if (at <= 0) return null;
    parts.set(piece.slice(0, at), piece.slice(at + 1));
  }
  return parts;
}
