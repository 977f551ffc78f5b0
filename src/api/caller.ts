/** Who calls: over the unix socket always `local`; what they say about themselves is a claim. */
import { BerthError } from "../base/errors.ts";
import type { Asker } from "../postgres/door.ts";

const CLAIM_MAX = 64;
const REASON_MAX = 500;
const KEY = /^[\x21-\x7e]{1,128}$/;

/** The caller as records name them. */
export function callerOf(headers: Headers): Asker {
  return {
    who: "local",
    claim: said(headers, "x-berth-user", CLAIM_MAX),
    reason: said(headers, "x-berth-reason", REASON_MAX),
  };
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
  const text = decoded(raw)
    .replaceAll(/\p{Cc}/gu, " ")
    .trim()
    .slice(0, max);
  return text === "" ? null : text;
}

function decoded(raw: string): string {
  try {
    return decodeURIComponent(raw);
  } catch {
    return raw;
  }
}
