/** The accepted declarations by generation. */
import type { Bundle, SourceBundle } from "../model/bundle.ts";
import type { Declaration } from "../model/project.ts";
import type { Asker, GenerationRow } from "./door.ts";
import type { Session } from "./session.ts";

type Flat = Omit<GenerationRow, "by"> & Asker & Record<string, unknown>;
type Full = Flat & {
  readonly bundle: Bundle;
  readonly declaration: Declaration;
  readonly members: readonly string[] | null;
};
export type FullGeneration = Readonly<{
  row: GenerationRow;
  bundle: Bundle;
  declaration: Declaration;
  /** The projects in force with it, of whichever source; null where that was not kept yet. */
  members: readonly string[] | null;
}>;

/** Newest first, without their texts; those before a generation, or from the newest on. */
export async function readGenerations(
  session: Session,
  limit: number,
  before: number | null = null,
): Promise<readonly GenerationRow[]> {
  return (await session.read<Flat>("generation-list", [limit, before])).map(rowOf);
}

/** One generation with its texts, or null. */
export async function readGeneration(
  session: Session,
  generation: number,
): Promise<FullGeneration | null> {
  const [found] = await session.read<Full>("generation-read", [generation]);
  if (found === undefined) return null;
  const { bundle, declaration, members } = found;
  return { row: rowOf(found), bundle, declaration, members };
}

/** The accepted set as of a generation: every source's declaration then in force, oldest first. */
export function readSources(
  session: Session,
  generation: number,
): Promise<readonly SourceBundle[]> {
  return session.read<SourceBundle & Record<string, unknown>>("generation-sources", [generation]);
}

function rowOf({
  generation,
  at,
  source,
  who,
  claim,
  reason,
  rollbackOf,
  projects,
}: Flat): GenerationRow {
  return { generation, at, source, by: { who, claim, reason }, rollbackOf, projects };
}
