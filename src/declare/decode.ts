/** Bytes as text, from a file or a stream; what is no UTF-8 is marked instead of guessed. */
import { BOUNDS } from "../schema/bounds.ts";
import type { Text } from "./disk.ts";

export function decode(bytes: Uint8Array): Text {
  const lossy = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return { ok: true, text: lossy, brokenAt: null };
  } catch {
    return { ok: true, text: lossy, brokenAt: Math.max(0, lossy.indexOf("\uFFFD")) };
  }
}

/** Reads to the end, or a little past what a file may have: parsing refuses it by its size. */
export async function decodeStream(stream: AsyncIterable<Uint8Array | string>): Promise<Text> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes = typeof chunk === "string" ? Buffer.from(chunk, "utf8") : Buffer.from(chunk);
    size += bytes.length;
    chunks.push(bytes);
    if (size > BOUNDS.fileBytes) break;
  }
  return decode(Buffer.concat(chunks));
}
