/** A container registry of one small image, on localhost, where the engine accepts plain HTTP. */
import { createHash } from "node:crypto";
import { createServer, type ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { onTestFinished } from "vitest";

export interface Registry {
  /** `127.0.0.1:port`, the first part of an image's name. */
  readonly host: string;
  /** Paths asked for, in order. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

/** A media type and its content, by digest. */
interface Blob {
  readonly type: string;
  readonly bytes: Buffer;
}

const digestOf = (bytes: Buffer): string =>
  `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** Serves `<host>/test/image:1`, whose configuration is given; every other name is unknown. */
export async function openRegistry(config: Readonly<Record<string, unknown>>): Promise<Registry> {
  const asked: string[] = [];
  const { manifest, blobs } = imageOf(config);
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    asked.push(path);
    if (path === "/v2/") return void response.writeHead(200).end();
    const reference = /^\/v2\/test\/image\/(?:manifests|blobs)\/(.+)$/.exec(path)?.[1] ?? "";
    const found = reference === "1" ? manifest : blobs.get(reference);
    if (found === undefined) return unknown(response);
    response.writeHead(200, {
      "content-type": found.type,
      "content-length": found.bytes.length,
      "docker-content-digest": digestOf(found.bytes),
    });
    response.end(request.method === "HEAD" ? undefined : found.bytes);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  };
  onTestFinished(close);
  return { host: `127.0.0.1:${address.port}`, asked, close };
}

function unknown(response: ServerResponse): void {
  response.writeHead(404, { "content-type": "application/json" });
  response.end(
    JSON.stringify({ errors: [{ code: "MANIFEST_UNKNOWN", message: "manifest unknown" }] }),
  );
}

/** One empty layer, a configuration, and the manifest that names both. */
function imageOf(
  config: Readonly<Record<string, unknown>>,
): Readonly<{ manifest: Blob; blobs: ReadonlyMap<string, Blob> }> {
  const tar = Buffer.alloc(1024);
  const layer = { type: "application/vnd.docker.image.rootfs.diff.tar.gzip", bytes: gzipSync(tar) };
  const about = {
    architecture: process.arch === "arm64" ? "arm64" : "amd64",
    os: "linux",
    config,
    rootfs: { type: "layers", diff_ids: [digestOf(tar)] },
  };
  const configuration = {
    type: "application/vnd.docker.container.image.v1+json",
    bytes: Buffer.from(JSON.stringify(about)),
  };
  const named = ({ type, bytes }: Blob): unknown => ({
    mediaType: type,
    size: bytes.length,
    digest: digestOf(bytes),
  });
  const type = "application/vnd.docker.distribution.manifest.v2+json";
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType: type,
    config: named(configuration),
    layers: [named(layer)],
  });
  const manifest = { type, bytes: Buffer.from(text) };
  const blobs = new Map(
    [layer, configuration, manifest].map((blob) => [digestOf(blob.bytes), blob]),
  );
  return { manifest, blobs };
}
