/** Where the API listens: any number of unix sockets and TCP addresses. */
import type { Server } from "node:http";
import { BerthError } from "../base/errors.ts";
import { listenAt, socketPathOf } from "./socket.ts";

export type Address =
  | Readonly<{ kind: "socket"; path: string }>
  | Readonly<{ kind: "tcp"; host: string; port: number }>;

const TCP = /^(\[[0-9a-f:.]+\]|[\w.-]+):(\d{1,5})$/i;
const PORT_MAX = 65_535;

/** The addresses of a comma-separated list: `unix:/path` and `host:port`. Throws usage errors. */
export function addressesOf(listen: string): readonly Address[] {
  const words = listen.split(",").map((word) => word.trim());
  return words.map(addressOf);
}

function addressOf(word: string): Address {
  const [, host = "", port = ""] = TCP.exec(word) ?? [];
  if (host !== "" && Number(port) <= PORT_MAX) return { kind: "tcp", host, port: Number(port) };
  return { kind: "socket", path: socketPathOf(word) };
}

/** Starts listening; answers the port, which differs from the one asked for when that was 0. */
export async function listenOn(server: Server, address: Address, mode: number): Promise<number> {
  if (address.kind === "socket") {
    await listenAt(server, address.path, mode);
    return 0;
  }
  const { host, port } = address;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => reject(unusable(address, cause)));
    server.listen({ host: host.replaceAll(/[[\]]/g, ""), port }, resolve);
  });
  const bound = server.address();
  return typeof bound === "object" && bound !== null ? bound.port : port;
}

function unusable(
  { host, port }: Readonly<{ host: string; port: number }>,
  cause: NodeJS.ErrnoException,
): BerthError {
  const taken = cause.code === "EADDRINUSE";
  return new BerthError(taken ? "conflict" : "rejected", {
    code: taken ? "api.address-taken" : "api.address-unusable",
    detail: `cannot listen at ${host}:${port}: ${cause.message}`,
    hint: "set BERTH_LISTEN to another address, for instance unix:/run/berth/berth.sock,127.0.0.1:7879",
    cause,
  });
}

/** Every interface is reached through the loopback one. */
const ANY: ReadonlySet<string> = new Set(["0.0.0.0", "[::]"]);

/** Where a browser on this host finds a TCP address. */
export function urlOf(host: string, port: number): string {
  return `http://${ANY.has(host) ? "127.0.0.1" : host}:${port}`;
}
