/** Projects that the daemon froze or stopped for want of work. */
import type { Rest, RestKind } from "../model/idle.ts";
import type { Session } from "./session.ts";

type RestRow = Readonly<{ project: string; kind: RestKind; since: number }>;

/** By project. */
export async function readRests(session: Session): Promise<ReadonlyMap<string, Rest>> {
  const rows = await session.read<RestRow & Record<string, unknown>>("rest-list");
  return new Map(rows.map(({ project, kind, since }) => [project, { kind, since }]));
}

/** Null: it has woken. */
export async function writeRest(
  session: Session,
  { epoch, project, rest }: Readonly<{ epoch: number; project: string; rest: Rest | null }>,
): Promise<void> {
  await session.write({ operation: "rest", epoch }, (tx) =>
    rest === null
      ? tx.last("rest-clear", [project])
      : tx.last("rest-write", [project, rest.kind, Math.round(rest.since)]),
  );
}
