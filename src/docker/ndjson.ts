/** Newline-delimited JSON as the engine streams it: whole objects come out, whatever the chunks look like. */
import { StringDecoder } from "node:string_decoder";

/** The longest line kept; the engine's are a few hundred bytes, an 8 MiB label in an event is the worst seen. */
const MAX_LINE = 16 * 1024 * 1024;

export type JsonObject = Readonly<Record<string, unknown>>;

/** Yields each line that is a JSON object; others, and lines past the bound, are passed over. */
export async function* ndjson(chunks: AsyncIterable<Buffer | string>): AsyncGenerator<JsonObject> {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  let skipping = false;
  for await (const chunk of chunks) {
    const lines = (rest + (typeof chunk === "string" ? chunk : decoder.write(chunk))).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const parsed = skipping ? null : objectIn(line);
      skipping = false;
      if (parsed !== null) yield parsed;
    }
    if (rest.length > MAX_LINE) {
      rest = "";
      skipping = true;
    }
  }
  const last = skipping ? null : objectIn(rest);
  if (last !== null) yield last;
}

function objectIn(line: string): JsonObject | null {
  if (line.trim() === "") return null;
  try {
    return asObject(JSON.parse(line));
  } catch {
    return null;
  }
}

/** The value as an object of unknown fields, or null for anything else. */
export function asObject(value: unknown): JsonObject | null {
  return isObject(value) ? value : null;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
