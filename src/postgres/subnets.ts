/** Subnet allocation: one /28 a project, kept until it is released. */
import { BerthError } from "../base/errors.ts";
import { unknownProject } from "./errors.ts";
import { takeTurn } from "./locks.ts";
import { lowestFree, rangeOf } from "./lowest-free.ts";
import type { AddressRange } from "./lowest-free.ts";
import type { Statements } from "./connection.ts";
import type { Session } from "./session.ts";

export type SubnetRequest = Readonly<{
  epoch: number;
  project: string;
  pool: string;
  avoid: readonly string[];
}>;

/** See `PostgresDoor.allocateSubnet`. Allocations take turns; the table's exclusion constraint is the second guard. */
export async function allocateSubnet(session: Session, request: SubnetRequest): Promise<string> {
  const pool = rangeOf(request.pool);
  if (pool === null)
    throw new BerthError("usage", {
      code: "postgres.pool-invalid",
      detail: `${request.pool} is no IPv4 CIDR`,
    });
  return session.write({ operation: "allocate subnet", epoch: request.epoch }, async (tx) => {
    const project = await tx.rows("project-lock", [request.project]);
    if (project.length === 0) throw unknownProject(request.project);
    await takeTurn(tx, "allocation");
    return allocateIn(tx, request, pool);
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
  request: SubnetRequest,
  pool: AddressRange,
): Promise<string> {
  const taken = await tx.rows<{ project: string; subnet: string }>("subnet-list");
  const mine = taken.find((row) => row.project === request.project);
  if (mine !== undefined) return mine.subnet;
  const occupied = [...taken.map((row) => row.subnet), ...request.avoid].flatMap(
    (cidr) => rangeOf(cidr) ?? [],
  );
  const subnet = lowestFree(pool, occupied);
  if (subnet === null)
    throw new BerthError("capacity", {
      code: "postgres.pool-exhausted",
      detail: `${request.pool} has no free /28 left for ${request.project}`,
      hint: "widen host.network_pool",
    });
  await tx.rows("subnet-insert", [request.project, subnet]);
  return subnet;
}
