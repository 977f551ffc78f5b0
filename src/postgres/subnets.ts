/** Subnet allocation: one /28 a project, kept until it is released. */
import { BerthError } from "../base/errors.ts";
import { unknownProject } from "./errors.ts";
import { takeTurn } from "./locks.ts";
import { lowestFree, rangeOf } from "./lowest-free.ts";
import type { Statements } from "./connection.ts";
import type { Session } from "./session.ts";

export type SubnetRequest = Readonly<{
  project: string;
  pool: string;
  avoid: readonly string[];
}>;

/**
 * See `PostgresDoor.allocateSubnet`; all of one epoch or none. Allocations take turns; the table's exclusion constraint is
 * the second guard.
 */
export async function allocateSubnets(
  session: Session,
  epoch: number,
  requests: readonly SubnetRequest[],
): Promise<readonly string[]> {
  return session.write({ operation: "allocate subnets", epoch }, async (tx) => {
    // They need only stay: whoever changes one of them would hold up the others too.
    const names = requests.map(({ project }) => project);
    const kept = await tx.rows<{ name: string }>("project-keep", [names]);
    const known = new Set(kept.map(({ name }) => name));
    const unknown = names.find((name) => !known.has(name));
    if (unknown !== undefined) throw unknownProject(unknown);
    await takeTurn(tx, "allocation");
    return allocateIn(tx, requests);
  });
}

/** Frees it; nothing to free is success. */
export async function releaseSubnet(
  session: Session,
  { epoch, project }: Readonly<{ epoch: number; project: string }>,
): Promise<void> {
  await session.write({ operation: "release subnet", epoch }, (tx) =>
    tx.rows("subnet-delete", [project]),
  );
}

async function allocateIn(
  tx: Statements,
  requests: readonly SubnetRequest[],
): Promise<readonly string[]> {
  const rows = await tx.rows<{ project: string; subnet: string }>("subnet-list");
  const taken = new Map(rows.map(({ project, subnet }) => [project, subnet]));
  const fresh = new Map<string, string>();
  const subnets = requests.map((request) => {
    const mine = taken.get(request.project);
    if (mine !== undefined) return mine;
    const subnet = freeFor(request, [...taken.values()]);
    taken.set(request.project, subnet);
    fresh.set(request.project, subnet);
    return subnet;
  });
  await Promise.all([...fresh].map((row) => tx.rows("subnet-insert", row)));
  return subnets;
}

function freeFor({ project, pool, avoid }: SubnetRequest, taken: readonly string[]): string {
  const range = rangeOf(pool);
  if (range === null)
    throw new BerthError("usage", {
      code: "postgres.pool-invalid",
      detail: `${pool} is no IPv4 CIDR`,
    });
  const subnet = lowestFree(
    range,
    [...taken, ...avoid].flatMap((cidr) => rangeOf(cidr) ?? []),
  );
  if (subnet !== null) return subnet;
  throw new BerthError("capacity", {
    code: "postgres.pool-exhausted",
    detail: `${pool} has no free /28 left for ${project}`,
    hint: "widen host.network_pool",
  });
}
