/** Which /28 of the pool is the lowest that overlaps nothing; pure. */

/** First and last address as numbers, both inclusive. */
export interface AddressRange {
  readonly first: number;
  readonly last: number;
}

const PREFIX = 28;
const SIZE = 2 ** (32 - PREFIX);
const CIDR = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?$/;

/** The addresses of an IPv4 CIDR (or single address); null for anything else, IPv6 included. */
export function rangeOf(cidr: string): AddressRange | null {
  const match = CIDR.exec(cidr);
  if (match === null) return null;
  const [, ...parts] = match;
  const bytes = parts.slice(0, 4).map(Number);
  const prefix = parts[4] === undefined ? 32 : Number(parts[4]);
  if (prefix > 32 || bytes.some((byte) => byte > 255)) return null;
  const address = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  const size = 2 ** (32 - prefix);
  const first = Math.floor(address / size) * size;
  return { first, last: first + size - 1 };
}

/**
 * The lowest /28 of `pool` that meets none of `occupied`, or null if there is none. A range that holds the whole IPv4 space
 * (a default route) says nothing about an address being in use and is passed over.
 */
export function lowestFree(pool: AddressRange, occupied: readonly AddressRange[]): string | null {
  const busy = occupied
    .filter((range) => range.last - range.first < 2 ** 32 - 1)
    .toSorted((a, b) => a.first - b.first);
  let candidate = Math.ceil(pool.first / SIZE) * SIZE;
  for (const range of busy) {
    if (range.first >= candidate + SIZE) break;
    if (range.last >= candidate) candidate = Math.ceil((range.last + 1) / SIZE) * SIZE;
  }
  return candidate + SIZE - 1 <= pool.last ? `${dotted(candidate)}/${PREFIX}` : null;
}

function dotted(address: number): string {
  return [2 ** 24, 2 ** 16, 2 ** 8, 1].map((unit) => Math.floor(address / unit) % 256).join(".");
}
