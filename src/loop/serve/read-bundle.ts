/** What a bundle declares, held against this host: parsed, checked against its budget, with the host settings in force. */
import { BerthError } from "../../base/errors.ts";
import { checkBudget } from "../../declare/budget.ts";
import type { Origins } from "../../declare/origins.ts";
import { type Parsed, parseBundle } from "../../declare/parse.ts";
import type { Problem } from "../../declare/problem.ts";
import { renderSnippet } from "../../declare/render.ts";
import type { Bundle } from "../../model/bundle.ts";
import type { Declaration } from "../../model/project.ts";
import type { Session } from "../session.ts";

export interface Read {
  readonly declaration: Declaration;
  readonly origins: Origins;
}

/** The bundle parsed last: `apply` follows `plan`, and comes again when there is nothing to do. */
const last = new WeakMap<Session, Readonly<{ text: string; parsed: Parsed }>>();

/** Parsing depends on the bundle alone: the daemon's environment has no part in it. */
function parsedOnce(bundle: Bundle, session: Session): Parsed {
  const text = JSON.stringify(bundle);
  const before = last.get(session);
  if (before?.text === text) return before.parsed;
  const parsed = parseBundle(bundle);
  last.set(session, { text, parsed });
  return parsed;
}

/** The declaring source of a bundle, for `--prune`. */
export function sourceOf(bundle: Bundle): string {
  return `${bundle.base}/${bundle.entry}`;
}

/** Parses and checks against this host's budget; every fault at once as a declaration error. `host` is for bundles that say nothing of it. */
export function readBundle(bundle: Bundle, session: Session, host = session.world.host): Read {
  const parsed = parsedOnce(bundle, session);
  if (!parsed.ok) throw refused(parsed.problems, bundle);
  const { origins, hostDeclared } = parsed;
  // A file without a host section says nothing of the host: what was accepted of it stays.
  const declaration = hostDeclared ? parsed.declaration : { ...parsed.declaration, host };
  const problems = checkBudget(declaration, session.world.facts, origins);
  if (problems.length > 0) throw refused(problems, bundle);
  return { declaration, origins };
}

/** The error of a bundle with problems: all of them, and the place of the first. */
export function refused(problems: readonly Problem[], bundle: Bundle): BerthError {
  const [first] = problems;
  const message = first?.message ?? "";
  return new BerthError("declaration", {
    code: first?.code ?? "declare.invalid",
    detail: problems.length === 1 ? message : `${problems.length} problems, first: ${message}`,
    path: first && placeOf(first),
    problems: problems.map((problem) => ({
      code: problem.code,
      message: problem.message,
      path: placeOf(problem),
      hint: problem.hint,
      snippet: renderSnippet(problem, bundle.files[problem.file]) ?? undefined,
    })),
  });
}

function placeOf({ file, line, column }: Problem): string {
  return `${file}:${line}:${column}`;
}
