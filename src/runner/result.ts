/** What a task hands back: JSON of at most 256 KiB that the journal and the database can keep, or why it is none. */
import { MAX_PAYLOAD_BYTES } from "../model/task.ts";

export type ResultFields = Readonly<{ result?: unknown; resultFault?: string }>;

/** Deeper nesting than this is refused by databases sooner or later. */
const MAX_DEPTH = 128;
/** A NUL or half a surrogate pair, as `JSON.stringify` writes them: PostgreSQL's jsonb refuses both. */
const UNKEEPABLE = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f][0-9a-f]{2})/;

/** The fields of an `exited` event that tell of the result; none when nothing was written. */
export function resultFields(written: Uint8Array, byteLength = written.length): ResultFields {
  if (byteLength === 0) return {};
  if (byteLength > MAX_PAYLOAD_BYTES) return { resultFault: tooLarge(byteLength) };
  const value = parsed(written);
  if (value === undefined) return { resultFault: "the result is not JSON" };
  if (isDeeper(value, MAX_DEPTH)) {
    return { resultFault: `the result is nested more than ${MAX_DEPTH} levels deep` };
  }
  const text = JSON.stringify(value);
  // 1e20 is four bytes as written, and 21 as kept.
  if (Buffer.byteLength(text) > MAX_PAYLOAD_BYTES) {
    return { resultFault: tooLarge(Buffer.byteLength(text)) };
  }
  if (UNKEEPABLE.test(text)) return { resultFault: "the result has a character that no text has" };
  return { result: value };
}

function tooLarge(bytes: number): string {
  return `the result has ${bytes} bytes; at most ${MAX_PAYLOAD_BYTES} are kept`;
}

function parsed(bytes: Uint8Array): unknown {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return value;
  } catch {
    return undefined;
  }
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}
