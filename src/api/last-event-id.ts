/** Where a reader of server-sent events left off. */
import { BerthError } from "../base/errors.ts";

/** The id in `Last-Event-ID`, null without one; throws usage `api.event-id-invalid`. */
export function lastEventId(headers: Headers): number | null {
  const raw = headers.get("last-event-id");
  if (raw === null || raw === "") return null;
  const id = Number(raw);
  if (!Number.isSafeInteger(id) || id < 0)
    throw new BerthError("usage", {
      code: "api.event-id-invalid",
      detail: `Last-Event-ID ${raw} is not an event's id`,
    });
  return id;
}
