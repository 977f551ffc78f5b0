/** Who calls: on the unix socket the local user, on TCP whoever bears a token; what they say about themselves is a claim. */
import { withoutControls } from "../base/controls.ts";
import { BerthError } from "../base/errors.ts";
import type { TokenView } from "../model/access.ts";
import type { Asker } from "../postgres/door.ts";
import type { Caller } from "./access.ts";

const CLAIM_MAX = 64;
const REASON_MAX = 500;
const KEY = /^[\x21-\x7e]{1,128}$/;
const BEARER = /^bearer +(\S{1,256})$/i;

/** How a request came in: the socket's file mode says who may use it, TCP asks for a token. */
export type Entrance = "socket" | "tcp";

/** Answers the live token of a text, null for none. */
export type FindBearer = (text: string) => Promise<TokenView | null>;

/** The caller, or 401. A token shown on the socket counts there too, and narrows what its bearer may do. */
export async function callerOf(
  headers: Headers,
  entrance: Entrance,
  find: FindBearer,
): Promise<Caller> {
  const shown = headers.get("authorization");
  if (shown === null) {
    if (entrance === "tcp") throw tokenMissing();
    return { by: askerOf(headers, "local"), scope: "admin", project: null, token: null };
  }
  const text = BEARER.exec(shown.trim())?.[1];
  const token = text === undefined ? null : await find(text);
  if (token === null)
    throw new BerthError("permission", {
      code: "api.token-invalid",
      detail: "this token opens nothing: it is unknown, expired or revoked",
      hint: "ask for a new one: berth token create",
    });
  const { id, name, scope, project } = token;
  return { by: askerOf(headers, `token:${name}`), scope, project, token: id };
}

/** The caller as records name them. */
function askerOf(headers: Headers, who: string): Asker {
  return {
    who,
    claim: said(headers, "x-berth-user", CLAIM_MAX),
    reason: said(headers, "x-berth-reason", REASON_MAX),
  };
}

function tokenMissing(): BerthError {
  return new BerthError("permission", {
    code: "api.token-missing",
    detail: "requests over TCP need a token",
    hint: "send `Authorization: Bearer TOKEN`; berth token create makes one",
  });
}

/** The key under which a repeated write is answered as the first one was. */
export function idempotencyKeyOf(headers: Headers): string | null {
  const key = headers.get("idempotency-key");
  if (key !== null && !KEY.test(key))
    throw new BerthError("usage", {
      code: "api.idempotency-key-invalid",
      detail: "Idempotency-Key must be 1 to 128 visible ASCII characters",
    });
  return key;
}

/** Header values are ASCII, so callers percent-encode; control characters never reach a record. */
function said(headers: Headers, name: string, max: number): string | null {
  const raw = headers.get(name);
  if (raw === null) return null;
  const text = withoutControls(decoded(raw)).trim().slice(0, max);
  return text === "" ? null : text;
}

function decoded(raw: string): string {
  try {
    return decodeURIComponent(raw);
  } catch {
    return raw;
  }
}
