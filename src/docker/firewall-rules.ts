/** The rules that close the host and everything private to our bridges, as the text iptables itself prints: verifying is comparing. */

/*
 * INVARIANTS: only chains of this install are written; in other people's chains exactly one jump stands, before all rules
 * that are not such jumps (a jump after an ACCEPT would guard nothing).
 */

/** Not public: own host and LAN, carriers' own, link-local (cloud metadata), loopback, benchmarks, multicast, reserved. */
const CLOSED_RANGES = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "224.0.0.0/4",
  "240.0.0.0/4",
] as const;

export interface FirewallNames {
  readonly install: string;
  /** Every bridge of this install begins with it and no bridge of anybody else does; at most 8 characters. */
  readonly bridgePrefix: string;
}

/** One jump into a chain of ours out of a chain that is not. */
export interface Hook {
  readonly chain: string;
  readonly rule: string;
}

/** What must stand in one table; rules in iptables' own words, without `-A <chain>`. */
export interface RuleSet {
  readonly chains: Readonly<Record<string, readonly string[]>>;
  readonly hooks: readonly Hook[];
}

/** IPv4: nothing to the host, and onward only to public addresses; DNS to the engine's resolvers is the one exception. */
export function rulesV4(names: FirewallNames, resolvers: readonly string[]): RuleSet {
  const { inbound, forward } = chainNames(names);
  const dns = resolvers.flatMap((address) =>
    ["udp", "tcp"].map((by) => `-d ${address}/32 -p ${by} -m ${by} --dport 53 -j RETURN`),
  );
  return {
    chains: {
      [inbound]: [...dns, "-j DROP"],
      [forward]: [
        ...dns,
        // Published ports of other containers are reached by rewriting: the address asked for was the host's.
        "-m conntrack --ctstate DNAT -j DROP",
        `-o ${names.bridgePrefix}+ -j DROP`,
        ...CLOSED_RANGES.map((range) => `-d ${range} -j DROP`),
      ],
    },
    hooks: [hook("INPUT", inbound, names), hook("DOCKER-USER", forward, names)],
  };
}

/** IPv6: our networks have none, so nothing passes; a link-local address on a bridge is there all the same. */
export function rulesV6(names: FirewallNames): RuleSet {
  const { inbound, forward } = chainNames(names);
  return {
    chains: { [inbound]: ["-j DROP"], [forward]: ["-j DROP"] },
    hooks: [hook("INPUT", inbound, names), hook("FORWARD", forward, names)],
  };
}

function chainNames({ install }: FirewallNames): Readonly<{ inbound: string; forward: string }> {
  const base = `BERTH-${install.toUpperCase()}`;
  return { inbound: `${base}-IN`, forward: `${base}-FWD` };
}

function hook(chain: string, target: string, { bridgePrefix }: FirewallNames): Hook {
  return { chain, rule: `-i ${bridgePrefix}+ -j ${target}` };
}

/** What differs between the rules wanted and a listing (`iptables -S`); empty when all stand as they must. */
export function faultsOf(wanted: RuleSet, listing: readonly string[]): readonly string[] {
  const chains = Object.entries(wanted.chains).flatMap(([chain, rules]) => {
    const found = rulesOf(chain, listing);
    if (!listing.includes(`-N ${chain}`)) return [`chain ${chain} is missing`];
    return found.join("\n") === rules.join("\n") ? [] : [`chain ${chain} was changed`];
  });
  const hooks = wanted.hooks.flatMap(({ chain, rule }) => {
    const found = rulesOf(chain, listing);
    const at = found.indexOf(rule);
    if (at < 0) return [`the jump in ${chain} is missing`];
    if (found.lastIndexOf(rule) !== at) return [`the jump in ${chain} stands twice`];
    const before = found.slice(0, at).filter((each) => !OURS.test(each));
    return before.length === 0 ? [] : [`in ${chain} other rules stand before the jump`];
  });
  return [...chains, ...hooks];
}

/** A jump by any install of ours. */
const OURS = /-j BERTH-[A-Z0-9]{1,16}-(?:IN|FWD)$/;

/** Whether packets get past DOCKER-USER: a rule before the engine's own jump would decide first. */
export function guardsForward(listing: readonly string[]): boolean {
  const forward = rulesOf("FORWARD", listing);
  const at = forward.indexOf("-j DOCKER-USER");
  return at >= 0 && !forward.slice(0, at).some(letsStrangersPass);
}

/** Accepting what is established lets nobody begin: its first packet had to pass. */
function letsStrangersPass(rule: string): boolean {
  return rule.endsWith("-j ACCEPT") && !/--ctstate (?:RELATED,)?ESTABLISHED /.test(rule);
}

function rulesOf(chain: string, listing: readonly string[]): readonly string[] {
  const start = `-A ${chain} `;
  return listing.filter((line) => line.startsWith(start)).map((line) => line.slice(start.length));
}

/** Input for `iptables-restore --noflush` that brings the rules about, whatever stands: one commit, never a gap. */
export function installText(wanted: RuleSet, listing: readonly string[]): string {
  return table([
    // Naming a chain here makes it, or empties it.
    ...Object.keys(wanted.chains).map((chain) => `:${chain} - [0:0]`),
    ...dropHooks(wanted, listing),
    ...Object.entries(wanted.chains).flatMap(([chain, rules]) =>
      rules.map((rule) => `-A ${chain} ${rule}`),
    ),
    ...wanted.hooks.map(({ chain, rule }) => `-I ${chain} 1 ${rule}`),
  ]);
}

/** Input that takes away every trace of the rules; null when there is none. */
export function removalText(wanted: RuleSet, listing: readonly string[]): string | null {
  const chains = Object.keys(wanted.chains).filter((chain) => listing.includes(`-N ${chain}`));
  const lines = [
    ...dropHooks(wanted, listing),
    ...chains.map((chain) => `-F ${chain}`),
    ...chains.map((chain) => `-X ${chain}`),
  ];
  return lines.length === 0 ? null : table(lines);
}

function dropHooks(wanted: RuleSet, listing: readonly string[]): readonly string[] {
  return wanted.hooks.flatMap(({ chain, rule }) =>
    rulesOf(chain, listing).flatMap((each) => (each === rule ? [`-D ${chain} ${rule}`] : [])),
  );
}

function table(lines: readonly string[]): string {
  return ["*filter", ...lines, "COMMIT", ""].join("\n");
}

/** How many rules of ours that makes, jumps included. */
export function countRules(set: RuleSet): number {
  return Object.values(set.chains).reduce((sum, rules) => sum + rules.length, set.hooks.length);
}
