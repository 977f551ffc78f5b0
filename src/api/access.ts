/** Which callers a route is for, and how a project's token is kept to its project: another one's objects are not there. */
import { asBerthError, BerthError } from "../base/errors.ts";
import { holdsScope, type Scope } from "../model/access.ts";
import type { ReadyView } from "../model/view.ts";
import type { Asker } from "../postgres/door.ts";

export interface Caller {
  /** As records name them. */
  readonly by: Asker;
  readonly scope: Scope;
  /** The only project this caller sees; null: the whole host. */
  readonly project: string | null;
  /** Id of the token shown; null for a local user on the unix socket. */
  readonly token: string | null;
}

/** Every route says which it is; a route without an answer to this does not compile. */
export type Access<C> =
  /** Answers anybody, also without a token. */
  | Readonly<{ kind: "open" }>
  /** About the whole host: not for a project's token. */
  | Readonly<{ kind: "host"; scope: Scope }>
  /** About the projects that `of` finds in the request: for a project's token they must all be its own. */
  | Readonly<{
      kind: "project";
      scope: Scope;
      of: (call: C) => string | readonly string[] | Promise<string>;
    }>
  /** Answers each caller with what is theirs, by `within`. */
  | Readonly<{ kind: "narrowed"; scope: Scope }>;

/** For routes whose path names the project. */
export function onProject(scope: Scope): Access<Readonly<{ params: Readonly<{ name: string }> }>> {
  return { kind: "project", scope, of: ({ params }) => params.name };
}

/** Refuses what the caller's token is not for; needs nothing of the request, so it comes before its body is read. */
export function refuseScope(caller: Caller, access: Access<never>): void {
  if (access.kind === "open") return;
  if (!holdsScope(caller.scope, access.scope))
    throw new BerthError("permission", {
      code: "api.scope-missing",
      detail: `this needs a token of scope ${access.scope}, yours is ${caller.scope}`,
      hint: `berth token create --scope ${access.scope}`,
    });
  if (access.kind === "host" && caller.project !== null)
    throw new BerthError("permission", {
      code: "api.token-project-only",
      detail: `this is about the whole host, your token is for ${caller.project} only`,
      hint: "create a token without --project",
    });
}

/** Refuses a project that is not the caller's, as if it did not exist. */
export async function refuseForeign<C>(caller: Caller, access: Access<C>, call: C): Promise<void> {
  if (access.kind !== "project" || caller.project === null) return;
  const found = await Promise.resolve(access.of(call)).catch((thrown: unknown) => {
    const error = asBerthError(thrown);
    throw error.kind === "usage" ? absent() : error;
  });
  const all = typeof found === "string" ? [found] : found;
  if (all.some((project) => project !== caller.project)) throw absent();
}

/** The project a list is to show: the one named, else the caller's, else null for all. Naming a foreign one is 404. */
export function within(caller: Caller, named: string | null): string | null {
  if (caller.project === null) return named;
  if (named !== null && named !== caller.project) throw absent();
  return caller.project;
}

/** Modes by name and age are everybody's; their details may name containers of others. */
export function readyFor(caller: Caller, view: ReadyView): ReadyView {
  if (caller.project === null) return view;
  return { ...view, modes: view.modes.map((mode) => ({ ...mode, detail: "" })) };
}

/** One answer for what is not there and for what is somebody else's: they cannot be told apart. */
function absent(): BerthError {
  return new BerthError("usage", {
    code: "api.object-missing",
    detail: "there is nothing of that name",
  });
}
