/** Private IPv4 address ranges: where a pool for project networks may lie. */

const PRIVATE: readonly Readonly<{ first: number; prefix: number }>[] = [
  { first: ipv4([10, 0, 0, 0]), prefix: 8 },
  { first: ipv4([172, 16, 0, 0]), prefix: 12 },
  { first: ipv4([192, 168, 0, 0]), prefix: 16 },
];

/** A pool of /8 is the largest private range; one of /24 still holds sixteen /28s. */
const PREFIX_MIN = 8;
const PREFIX_MAX = 24;

/** What is wrong with a CIDR as a network pool, or null. */
export function poolFault(cidr: string): string | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(cidr);
  if (match === null) return "must be an IPv4 range such as 10.201.0.0/16";
  const numbers = match.slice(1).map(Number);
  const parts = numbers.slice(0, 4);
  const prefix = numbers[4] ?? 0;
  if (parts.some((part) => part > 255) || prefix > 32)
    return "must be an IPv4 range such as 10.201.0.0/16";
  if (prefix < PREFIX_MIN || prefix > PREFIX_MAX)
    return `must be between /${PREFIX_MIN} and /${PREFIX_MAX}`;
  const first = ipv4(parts);
  if (first % 2 ** (32 - prefix) !== 0)
    return `must begin at a multiple of its size: its last ${32 - prefix} bits are not zero`;
  const inside = PRIVATE.some(
    (range) => prefix >= range.prefix && block(first, range.prefix) === range.first,
  );
  return inside ? null : "must be private: inside 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16";
}

/** Arithmetic instead of bit operators, which are signed in JavaScript. */
function ipv4(parts: readonly number[]): number {
  return parts.reduce((address, part) => address * 256 + part, 0);
}

function block(address: number, prefix: number): number {
  return address - (address % 2 ** (32 - prefix));
}
