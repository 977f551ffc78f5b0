/** The host firewall door: installs what is missing, and believes only what it reads back. */
import { BerthError } from "../base/errors.ts";
import type { EngineDoor, FirewallDoor, FirewallState, ErrandRun, Ownership } from "./door.ts";
import { dockerError } from "./errors.ts";
import {
  countRules,
  faultsOf,
  guardsForward,
  installText,
  removalText,
  rulesV4,
  rulesV6,
  type FirewallNames,
  type RuleSet,
} from "./firewall-rules.ts";
import {
  APPLY_SCRIPT,
  READ_SCRIPT,
  RESOLVERS_SCRIPT,
  resolversIn,
  ROUTES_SCRIPT,
  routesIn,
  sectionsOf,
} from "./firewall-scripts.ts";
import { errandShell, localShell, type HostShell } from "./host-shell.ts";

export interface FirewallOptions extends FirewallNames {
  /** `host`: this daemon is root on the host; `container`: errands on the host's network do it. */
  readonly mode: "host" | "container";
  readonly engine: Pick<EngineDoor, "runOnce">;
  /** Image with iptables and iproute2, for errands. */
  readonly netImage: string;
  readonly own: () => Ownership;
}

/** Another writer of the tables may come between reading and writing: then the whole is tried once more. */
const TRIES = 3;

/** Opens the firewall door; nothing is read or written before the first call. */
export function openFirewall(options: FirewallOptions): FirewallDoor {
  const shell = options.mode === "host" ? localShell() : errandShell(options);
  return {
    ensure: () => ensure(options, shell),
    hostRoutes: async () =>
      routesIn((await said(shell, ROUTES_SCRIPT, "")).stdout, options.bridgePrefix),
    remove: () => remove(options, shell),
  };
}

interface Standing {
  readonly tool: string;
  readonly v4: readonly string[];
  /** Null where the host has no IPv6 at all. */
  readonly v6: readonly string[] | null;
}

/** While the engine adds somebody's bridge its own chains are half written, and a listing of them fails or misleads. */
async function ensure(options: FirewallOptions, shell: HostShell): Promise<FirewallState> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ensureOnce(options, shell);
    } catch (thrown) {
      const again = thrown instanceof BerthError && thrown.code === "docker.firewall-failed";
      if (!again || attempt >= TRIES) throw thrown;
    }
  }
}

async function ensureOnce(options: FirewallOptions, shell: HostShell): Promise<FirewallState> {
  const first = await said(shell, READ_SCRIPT, "");
  const resolvers = await resolversOf(options, first);
  const v4 = rulesV4(options, resolvers);
  const v6 = rulesV6(options);
  let standing = standingIn(first);
  for (let attempt = 1; ; attempt += 1) {
    const faults = faultsIn(standing, v4, v6);
    if (faults.length === 0) return verified(standing, { v4, v6, resolvers });
    if (attempt > TRIES) throw failed(`rules do not stay as written: ${faults.join("; ")}`);
    const texts = [
      installText(v4, standing.v4),
      standing.v6 === null ? "" : installText(v6, standing.v6),
    ];
    standing = standingIn(await said(shell, APPLY_SCRIPT, texts.join("#v6\n")));
  }
}

async function remove(options: FirewallOptions, shell: HostShell): Promise<void> {
  // Which resolvers had an exception does not matter: chains go whole.
  const v4 = rulesV4(options, []);
  const v6 = rulesV6(options);
  let standing = standingIn(await said(shell, READ_SCRIPT, ""));
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const texts = [
      removalText(v4, standing.v4),
      standing.v6 === null ? null : removalText(v6, standing.v6),
    ];
    if (texts.every((text) => text === null)) return;
    standing = standingIn(
      await said(shell, APPLY_SCRIPT, texts.map((text) => text ?? "").join("#v6\n")),
    );
  }
  throw failed("rules of this install are still there after their removal");
}

function verified(
  standing: Standing,
  rules: Readonly<{ v4: RuleSet; v6: RuleSet; resolvers: readonly string[] }>,
): FirewallState {
  const six = standing.v6 === null ? 0 : countRules(rules.v6);
  const names = rules.resolvers.length === 0 ? "none" : rules.resolvers.join(", ");
  return {
    verified: true,
    rules: countRules(rules.v4) + six,
    detail: `${standing.tool}; IPv6 ${standing.v6 === null ? "absent" : "closed"}; DNS allowed to: ${names}`,
  };
}

function faultsIn(standing: Standing, v4: RuleSet, v6: RuleSet): readonly string[] {
  if (!guardsForward(standing.v4))
    throw failed(
      "in FORWARD, packets are accepted before the engine's chain DOCKER-USER sees them",
    );
  return [...faultsOf(v4, standing.v4), ...(standing.v6 === null ? [] : faultsOf(v6, standing.v6))];
}

function standingIn(answer: ErrandRun): Standing {
  const sections = sectionsOf(answer.stdout);
  return {
    tool: sections.get("tool")?.[0] ?? "iptables",
    v4: sections.get("v4") ?? [],
    v6: sections.get("v6") ?? null,
  };
}

/** An errand sees only the stub of a resolver that runs on the host; the engine's list is then asked for. */
async function resolversOf(
  options: FirewallOptions,
  answer: ErrandRun,
): Promise<readonly string[]> {
  const seen = resolversIn(sectionsOf(answer.stdout).get("resolvers") ?? []);
  if (seen.length > 0) return seen;
  const own = options.own();
  const asked = await options.engine.runOnce(options.netImage, ["sh", "-c", RESOLVERS_SCRIPT], {
    capAdd: [],
    hostNetwork: false,
    own,
  });
  return resolversIn(asked.stdout.split("\n"));
}

async function said(shell: HostShell, script: string, argument: string): Promise<ErrandRun> {
  const answer = await shell(script, argument);
  if (answer.exitCode === 0) return answer;
  throw failed(answer.stderr.trim() || `a firewall command ended with ${answer.exitCode}`);
}

function failed(why: string): Error {
  return dockerError("docker.firewall-failed", why, {
    hint: "projects with open egress do not start until the host firewall is verified; see `berth doctor`",
  });
}
