/** What the firewall door asks of the host, as shell scripts, and how their answers are read. */

/**
 * A host may have two iptables; the engine's is the one whose listing shows DOCKER-USER. Each section begins with a line
 * `#name`. The stub resolver of systemd is not what the engine asks: it reads the file with the real ones.
 */
const PICK = `
set -u
four=
for t in iptables iptables-nft iptables-legacy; do
  command -v "$t" >/dev/null 2>&1 && "$t" -w 5 -S DOCKER-USER >/dev/null 2>&1 && four=$t && break
done
[ -n "$four" ] || { echo "no iptables here shows the chain DOCKER-USER" >&2; exit 3; }
six=ip6\${four#ip}
# Files under /proc have no size to ask for.
grep -q . /proc/net/if_inet6 2>/dev/null || six=
`;

const LIST = `
echo "#tool"; "$four" --version
echo "#v4"; "$four" -w 5 -S || exit 4
if [ -n "$six" ]; then echo "#v6"; "$six" -w 5 -S || exit 4; fi
`;

/** Lists rules and resolvers. */
export const READ_SCRIPT = `${PICK}${LIST}
file=/etc/resolv.conf
grep -q '^nameserver 127\\.0\\.0\\.53' $file && [ -r /run/systemd/resolve/resolv.conf ] && file=/run/systemd/resolve/resolv.conf
echo "#resolvers"; cat $file
`;

/** Applies \`$1\` (the v4 and the v6 input, with the line \`#v6\` between) and lists again what stands. */
export const APPLY_SCRIPT = `${PICK}
v4=\${1%%#v6*}
v6=\${1#*#v6}
if [ -n "\${v4# }" ]; then printf '%s' "$v4" | "$four-restore" -w 5 --noflush || exit 5; fi
if [ -n "$six" ] && [ -n "\${v6# }" ]; then printf '%s' "$v6" | "$six-restore" -w 5 --noflush || exit 5; fi
${LIST}
`;

/** Every IPv4 route of every table. */
export const ROUTES_SCRIPT = "ip -4 -o route show table all";

/** The engine's own view of the resolvers: a container without a network is given their list. */
export const RESOLVERS_SCRIPT = "cat /etc/resolv.conf";

/** Sections of an answer by name. */
export function sectionsOf(stdout: string): ReadonlyMap<string, readonly string[]> {
  const sections = new Map<string, string[]>();
  let current: string[] = [];
  for (const line of stdout.split("\n")) {
    const name = /^#(tool|v4|v6|resolvers)$/.exec(line)?.[1];
    if (name !== undefined) {
      current = [];
      sections.set(name, current);
    } else if (line.trim() !== "") current.push(line.trim());
  }
  return sections;
}

const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;

/** IPv4 resolvers of a resolv.conf; those on loopback are asked by the engine itself and need no rule. */
export function resolversIn(lines: readonly string[]): readonly string[] {
  const found = lines.flatMap((line) => {
    const [word, address] = line.trim().split(/\s+/);
    const usable = word === "nameserver" && address !== undefined && IPV4.test(address);
    return usable && !address.startsWith("127.") ? [address] : [];
  });
  return [...new Set(found)].toSorted();
}

/** CIDRs that routes lead to, without the default route, broadcasts and our own bridges. */
export function routesIn(listing: string, bridgePrefix: string): readonly string[] {
  const found = listing.split("\n").flatMap((line) => {
    const words = line.trim().split(/\s+/);
    const at = words.findIndex((word) => IPV4.test(word.replace(/\/\d+$/, "")));
    const kind = words[0] ?? "";
    const device = words[words.indexOf("dev") + 1] ?? "";
    // The address stands first or after the route's kind; further on it is a gateway or a source.
    if (at < 0 || at > 1 || kind === "broadcast" || kind === "default") return [];
    if (words.includes("dev") && device.startsWith(bridgePrefix)) return [];
    const route = words[at] ?? "";
    return [route.includes("/") ? route : `${route}/32`];
  });
  return [...new Set(found)].toSorted();
}
