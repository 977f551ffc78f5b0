/** The task desk of the session that leads. */
import { BerthError } from "../../base/errors.ts";
import type { Session } from "../session.ts";
import type { OpenDesk } from "../tasks/desk-state.ts";

/** The desk of the session that leads; between the lease and the first read there is none yet. */
export function deskOf(session: Session): OpenDesk {
  if (session.desk !== null) return session.desk;
  throw new BerthError("conflict", {
    code: "loop.not-leader",
    detail: "this daemon is still reading what waits",
    hint: "try again in a moment",
  });
}
