/** The page: static files read once at start and served from memory; they need no token, what they ask for does. */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { BerthError } from "../base/errors.ts";

const zip = promisify(gzip);

const FILES_MAX = 200;
const BYTES_MAX = 16_777_216;

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
};

/** Nothing from elsewhere, nothing inline, nobody's frame: a page that shows what untrusted agents printed. */
const HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; font-src 'self'; " +
    "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

interface Asset {
  readonly type: string;
  readonly etag: string;
  readonly plain: Uint8Array<ArrayBuffer>;
  /** Null where it would not be smaller. */
  readonly zipped: Uint8Array<ArrayBuffer> | null;
  /** Its name holds a hash of its content, so it never changes. */
  readonly forever: boolean;
}

/** Files by the path they are asked for at; `index.html` is `/`. Empty when nothing was built. */
export type Page = ReadonlyMap<string, Asset>;

/** Reads the folder; an absent one is an empty page. */
export async function readPage(folder: string | null): Promise<Page> {
  const page = new Map<string, Asset>();
  if (folder === null) return page;
  const found = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = found.filter((entry) => entry.isFile() && extname(entry.name) in TYPES);
  let bytes = 0;
  for (const { parentPath, name } of files.slice(0, FILES_MAX)) {
    const path = join(parentPath, name);
    const plain = await readFile(path);
    bytes += plain.length;
    if (bytes > BYTES_MAX) break;
    const at = `/${relative(folder, path).split(sep).join("/")}`;
    page.set(at === "/index.html" ? "/" : at, await assetOf(plain, at));
  }
  return page;
}

async function assetOf(content: Buffer, at: string): Promise<Asset> {
  const zipped = await zip(content, { level: 9 });
  const etag = createHash("sha256").update(content).digest("base64url").slice(0, 22);
  return {
    type: TYPES[extname(at)] ?? "application/octet-stream",
    etag: `"${etag}"`,
    plain: new Uint8Array(content),
    zipped: zipped.length < content.length ? new Uint8Array(zipped) : null,
    forever: at.startsWith("/assets/"),
  };
}

/** Whether a path is the page's to answer. */
export function isPagePath(page: Page, path: string): boolean {
  return path === "/" || path.startsWith("/assets/") || page.has(path);
}

/** The response for a path; throws 404 where nothing is, with how to build when nothing was built. */
export function pageResponse(page: Page, path: string, headers: Headers): Response {
  const asset = page.get(path);
  if (asset === undefined) throw missing(page, path);
  const unzipped = asset.zipped === null || !/\bgzip\b/.test(headers.get("accept-encoding") ?? "");
  const etag = unzipped ? asset.etag : asset.etag.replace(/"$/, '-gz"');
  const answer = new Headers({
    ...HEADERS,
    etag,
    vary: "accept-encoding",
    "cache-control": asset.forever ? "public, max-age=31536000, immutable" : "no-cache",
  });
  if (sameTag(headers.get("if-none-match"), etag))
    return new Response(null, { status: 304, headers: answer });
  answer.set("content-type", asset.type);
  if (!unzipped) answer.set("content-encoding", "gzip");
  return new Response(unzipped ? asset.plain : asset.zipped, { headers: answer });
}

/** `If-None-Match` may list several, each weak or strong. */
function sameTag(asked: string | null, etag: string): boolean {
  return asked?.split(",").some((one) => one.trim().replace(/^W\//, "") === etag) ?? false;
}

function missing(page: Page, path: string): BerthError {
  if (page.size > 0)
    return new BerthError("usage", { code: "api.route-missing", detail: `nothing is at ${path}` });
  return new BerthError("usage", {
    code: "api.page-missing",
    detail: "this daemon has no page: it was started without its built files",
    hint: "in a checkout `npm run build` makes it; the image brings it",
  });
}
