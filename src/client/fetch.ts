/** Carries requests by `fetch`: for the browser, and for whatever else has it. */
import { BerthError } from "../base/errors.ts";
import type { Transport } from "./transport.ts";

/** A transport to the daemon at `base`, for instance `https://berth.example.org`; "" is where the page came from. */
export function fetchTransport(base: string, send: typeof fetch = fetch): Transport {
  return async ({ method, path, headers, body, signal }) => {
    const response = await send(base + path, {
      method,
      headers,
      body,
      signal,
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
    }).catch((cause: unknown) => {
      throw signal.aborted ? cause : absent(base, cause);
    });
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: bytesOf(response.body, base, signal),
    };
  };
}

/** Read by its reader: async iteration of a body is not in every browser. */
async function* bytesOf(
  body: ReadableStream<Uint8Array> | null,
  base: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (cause) {
    throw signal.aborted ? cause : absent(base, cause);
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function absent(base: string, cause: unknown): BerthError {
  return new BerthError("transient", {
    code: "client.daemon-absent",
    detail: `no daemon answers${base === "" ? "" : ` at ${base}`}`,
    hint: "it may be restarting: try again",
    cause,
  });
}
