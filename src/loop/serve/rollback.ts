/** Rolling back: the whole accepted set as of an older generation becomes a new one. */
import { BerthError } from "../../base/errors.ts";
import type { Bundle, SourceBundle } from "../../model/bundle.ts";
import type { Declaration, HostSpec, ProjectSpec } from "../../model/project.ts";
import type { ApplyView, PlanView } from "../../model/view.ts";
import type { Asker, GenerationRow } from "../../postgres/door.ts";
import type { Session } from "../session.ts";
import { type DaemonState, leading } from "../state.ts";
import { momentOf, took } from "./declarations.ts";
import { planSet } from "./plan-view.ts";
import { readBundle } from "./read-bundle.ts";

export async function rollBack(
  request: Readonly<{ generation: number; by: Asker; idempotencyKey: string | null }>,
  state: DaemonState,
): Promise<ApplyView> {
  const session = leading(state);
  const { world, doors } = session;
  const { generation, by, idempotencyKey } = request;
  const { row, bundle, declaration, sources } = await setAsOf(generation, session);
  const before = momentOf(world);
  const accepted = await doors.postgres.accept({
    epoch: world.install.epoch,
    source: row.source,
    bundle,
    declaration,
    sources,
    prune: true,
    expectedGeneration: null,
    by,
    rollbackOf: generation,
    idempotencyKey,
  });
  return took(accepted, Object.keys(declaration.projects), { state, before, by });
}

/** What `rollBack` to it would do. Changes nothing. */
export async function planRollback(generation: number, session: Session): Promise<PlanView> {
  const { declaration } = await setAsOf(generation, session);
  return planSet({ declaration, prune: true, source: null }, session);
}

type AsOf = AcceptedSet & Readonly<{ row: GenerationRow; bundle: Bundle }>;

async function setAsOf(generation: number, session: Session): Promise<AsOf> {
  const { postgres } = session.doors;
  const kept = await postgres.generation(generation);
  if (kept === null) throw missing(generation);
  // The host's section may be another source's: what was in force of it then is kept with every generation.
  const { host } = readBundle(kept.bundle, session, kept.declaration.host).declaration;
  const parts = await postgres.sources(generation);
  const { members } = kept;
  return { ...kept, ...acceptedSet({ generation, host, parts, members }, session) };
}

interface Then {
  readonly generation: number;
  readonly host: HostSpec;
  readonly parts: readonly SourceBundle[];
  readonly members: readonly string[] | null;
}

interface AcceptedSet {
  readonly declaration: Declaration;
  /** By project: the source that declared it. */
  readonly sources: Readonly<Record<string, string>>;
}

/**
 * Every source's bundle parsed again under today's rules and budget; of a project that two name, the later accepted holds. What
 * they name and was removed by then stays removed.
 */
function acceptedSet({ generation, host, parts, members }: Then, session: Session): AcceptedSet {
  const projects: Record<string, ProjectSpec> = {};
  const sources: Record<string, string> = {};
  for (const { source, bundle } of parts) {
    if (bundle === null) throw incomplete(generation, source);
    for (const spec of Object.values(readBundle(bundle, session, host).declaration.projects)) {
      if (members !== null && !members.includes(spec.name)) continue;
      projects[spec.name] = spec;
      sources[spec.name] = source;
    }
  }
  return { declaration: { host, projects }, sources };
}

function missing(generation: number): BerthError {
  return new BerthError("usage", {
    code: "loop.generation-missing",
    detail: `there is no generation ${generation}`,
    hint: "`berth history` lists those that are kept",
  });
}

function incomplete(generation: number, source: string): BerthError {
  return new BerthError("usage", {
    code: "loop.generation-incomplete",
    detail: `what ${source} declared as of generation ${generation} is no longer kept`,
    hint: "apply the files themselves, or return to a newer generation",
  });
}
