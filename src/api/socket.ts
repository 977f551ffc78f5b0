/** Listening at a unix socket, which is taken over only from the dead. */
import { chmod, lstat, mkdir, unlink } from "node:fs/promises";
import type { Server } from "node:http";
import { connect } from "node:net";
import { dirname } from "node:path";
import { BerthError } from "../base/errors.ts";

/** The kernel's limit is 108 bytes with the final zero; the architecture keeps below 100. */
const PATH_MAX = 99;
/** A live daemon's socket accepts at once; this is for one that hangs. */
const CONNECT_MS = 1_000;

/** The path of `unix:/path`. Throws usage errors. */
export function socketPathOf(listen: string): string {
  const path = /^unix:(\/.+)$/.exec(listen)?.[1];
  if (path === undefined)
    throw new BerthError("usage", {
      code: "api.listen-unsupported",
      detail: `cannot listen at "${listen}": neither unix:/absolute/path nor host:port`,
      hint: "for instance BERTH_LISTEN=unix:/run/berth/berth.sock,127.0.0.1:7878",
    });
  if (Buffer.byteLength(path) > PATH_MAX)
    throw new BerthError("usage", {
      code: "api.socket-path-too-long",
      detail: `${path} is longer than ${PATH_MAX} bytes`,
    });
  return path;
}

/** Listens at `path` with `mode`. A socket nobody answers on is replaced; one that lives is a conflict, another file is left alone. */
export async function listenAt(server: Server, path: string, mode: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  await clearStale(path);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => reject(unusable(path, cause)));
    server.listen({ path }, resolve);
  });
  await chmod(path, mode);
}

async function clearStale(path: string): Promise<void> {
  const found = await lstat(path).catch(() => null);
  if (found === null) return;
  if (!found.isSocket())
    throw new BerthError("conflict", {
      code: "api.socket-path-taken",
      detail: `${path} exists and is not a socket`,
    });
  if (await isLive(path))
    throw new BerthError("conflict", {
      code: "api.socket-taken",
      detail: `another daemon answers at ${path}`,
      hint: "stop it, or set BERTH_LISTEN to another path",
    });
  await unlink(path).catch((cause: unknown) => {
    throw unusable(path, cause);
  });
}

/** Whether anybody accepts connections there; a hanging listener counts as alive, on doubt it is spared. */
function isLive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path, timeout: CONNECT_MS });
    const settle = (alive: boolean): void => {
      socket.destroy();
      resolve(alive);
    };
    socket.once("connect", () => settle(true));
    socket.once("timeout", () => settle(true));
    socket.once("error", (error: NodeJS.ErrnoException) =>
      settle(error.code !== "ECONNREFUSED" && error.code !== "ENOENT"),
    );
  });
}

function unusable(path: string, cause: unknown): BerthError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new BerthError("rejected", {
    code: "api.socket-unusable",
    detail: `cannot listen at ${path}: ${why}`,
    hint: "the directory must exist and be writable by the daemon",
    cause,
  });
}
