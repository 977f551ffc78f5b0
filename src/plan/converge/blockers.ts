/** What keeps a project from being started now, each as a sentence for people. */
import type { Situation } from "./situation.ts";

/** Empty: it may start. What runs already goes on whatever is said here. */
export function blockersOf({ desired, observed }: Situation): readonly string[] {
  const reasons: string[] = [];
  // The reason itself, with its numbers, is already in desired.waiting.
  if (!desired.admitted && desired.waiting.length === 0) reasons.push("capacity: not admitted");
  if (!desired.admitted) reasons.push(...desired.waiting);
  if (desired.container === null && observed.imageKnown) reasons.push(...desired.waiting);
  if (observed.diskLow)
    reasons.push("disk: free space is below the host's reserve, nothing is started");
  if (desired.egress === "open" && !observed.firewallVerified) {
    reasons.push("firewall: the rules for open egress are not verified");
  }
  if (observed.foreign.container) reasons.push(taken("container", desired.objectName));
  if (observed.foreign.network) reasons.push(taken("network", desired.objectName));
  for (const name of observed.foreign.volumes) reasons.push(taken("volume", name));
  return reasons;
}

function taken(what: string, name: string): string {
  return `name-taken: ${what} ${name} is not ours`;
}
