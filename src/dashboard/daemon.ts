/** The daemon this page was served by, as functions. */
import { makeClient } from "../client/client.ts";
import { token } from "./access.ts";
import { pageTransport } from "./transport.ts";

const leaving = new AbortController();
addEventListener("pagehide", (event) => {
  // a page that may come back keeps its calls
  if (!event.persisted) leaving.abort();
});

export const daemon = makeClient({
  transport: pageTransport,
  identity: {
    user: null,
    reason: null,
    get token() {
      return token.value;
    },
  },
  signal: leaving.signal,
  newKey,
});

/** 128 random bits; not `randomUUID`, which browsers give only to secure origins. */
function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}
