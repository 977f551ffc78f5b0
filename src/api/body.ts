/** Reads a request body as JSON within its bounds. */
import { BerthError } from "../base/errors.ts";

/** The parsed body; `{}` when the request has none. Refuses what is not JSON (415), too large (413) or malformed (400). */
export async function readJson(request: Request, limitBytes: number): Promise<unknown> {
  const declared = Number(request.headers.get("content-length") ?? "0");
  if (declared > limitBytes) throw tooLarge(limitBytes);
  const text = request.body === null ? "" : await readText(request.body, limitBytes);
  if (text === "") return {};
  const type = (request.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json")
    throw new BerthError("usage", {
      code: "api.content-type-refused",
      detail: `a body must be application/json, not ${type === "" ? "untyped" : type}`,
    });
  try {
    return JSON.parse(text);
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : "not JSON";
    throw new BerthError("usage", {
      code: "api.body-malformed",
      detail: `the body is not JSON: ${detail}`,
      cause,
    });
  }
}

async function readText(body: ReadableStream<Uint8Array>, limitBytes: number): Promise<string> {
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read().catch(cut);
    if (done) break;
    size += value.byteLength;
    if (size > limitBytes) {
      await reader.cancel().catch(() => undefined);
      throw tooLarge(limitBytes);
    }
    chunks.push(value);
  }
  return Buffer.concat(chunks, size).toString("utf8");
}

function cut(cause: unknown): never {
  throw new BerthError("usage", {
    code: "api.request-slow",
    detail: "the request body did not arrive whole",
    cause,
  });
}

function tooLarge(limitBytes: number): BerthError {
  return new BerthError("usage", {
    code: "api.body-too-large",
    detail: `the body is larger than ${limitBytes} bytes`,
    hint: "send tasks in several requests; plan and apply take larger declarations on the unix socket",
  });
}
