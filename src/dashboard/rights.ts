/** What the token in this tab may do: nothing is offered that the daemon would refuse. */
import { computed } from "@preact/signals";
import { holdsScope, type Scope } from "../model/access.ts";
import { caller } from "./live-state.ts";

/** Whether it may do this with the projects it sees; false until the daemon has said so. */
export function may(scope: Scope): boolean {
  const known = caller.value;
  return known !== null && holdsScope(known.scope, scope);
}

/** The same of the whole host. */
export function mayOnHost(scope: Scope): boolean {
  return may(scope) && caller.value?.project === null;
}

/** The one project it sees; null: all of them, or not known yet. */
export const onlyProject = computed(() => caller.value?.project ?? null);
