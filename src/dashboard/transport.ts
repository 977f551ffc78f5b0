/** Carries the page's requests: asks for a token when the daemon does, and ends streams that have gone silent. */
import { BerthError } from "../base/errors.ts";
import { fetchTransport } from "../client/fetch.ts";
import type { Transport } from "../client/transport.ts";
import { refused } from "./access.ts";

/** A stream says that it is alive every 15 s; three times that is silence. */
const SILENCE_MS = 45_000;

const send = fetchTransport("");

export const pageTransport: Transport = async (asked) => {
  const quiet = new AbortController();
  const signal = AbortSignal.any([asked.signal, quiet.signal]);
  const response = await send({ ...asked, signal });
  if (response.status === 401) refused.value = true;
  return { ...response, body: watched(response.body, quiet) };
};

async function* watched(
  body: AsyncIterable<Uint8Array>,
  quiet: AbortController,
): AsyncGenerator<Uint8Array> {
  let timer = 0;
  const rewind = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => quiet.abort(silent()), SILENCE_MS);
  };
  rewind();
  try {
    for await (const chunk of body) {
      rewind();
      yield chunk;
    }
  } finally {
    clearTimeout(timer);
  }
}

function silent(): BerthError {
  return new BerthError("transient", {
    code: "dashboard.daemon-silent",
    detail: `the daemon said nothing for ${SILENCE_MS / 1000} s`,
    hint: "this page tries again by itself",
  });
}
