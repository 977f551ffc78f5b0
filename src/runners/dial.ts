/** Reaching a runner's control socket: connecting to it, and noticing the moment it appears. */
import { constants, watch, type FSWatcher } from "node:fs";
import { lstat, open } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { TOLD_FILE } from "../protocol/first-starts.ts";
import { CONTROL_SOCKET } from "../protocol/spool.ts";

const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/**
 * Connects to the socket in `folder`. Through the directory's descriptor, because a socket address holds 107 bytes and
 * a spool path may be longer; and because what was opened without following links is what is connected to.
 */
export async function dial(folder: string): Promise<Socket> {
  const directory = await open(folder, DIRECTORY);
  let socket: Socket;
  try {
    const path = join("/proc/self/fd", String(directory.fd), CONTROL_SOCKET);
    if (!(await lstat(path)).isSocket()) throw new Error(`${CONTROL_SOCKET} is not a socket`);
    socket = await connected(path);
  } finally {
    await directory.close();
  }
  // A runner that dies right after it accepted: whoever takes the socket now would wait for an end that has been.
  if (socket.destroyed) throw new Error("the runner closed the connection at once");
  return socket;
}

function connected(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path });
    // Stays for good: an error between connecting and the caller's own listener must not be without one.
    socket.on("error", reject);
    socket.once("connect", () => resolve(socket));
  });
}

export interface Arrivals {
  /** A control socket is made. */
  arrived(): void;
  /** A launcher told of first starts. */
  told(): void;
  ended(): void;
}

/** Tells of what is made in `folder`; null where it cannot be watched, then polling has to do. */
export function watchArrival(folder: string, arrivals: Arrivals): FSWatcher | null {
  let watcher: FSWatcher;
  try {
    watcher = watch(folder, { persistent: false });
  } catch {
    return null;
  }
  watcher.on("change", (_kind, name) => {
    if (name === CONTROL_SOCKET) arrivals.arrived();
    if (name === TOLD_FILE) arrivals.told();
  });
  watcher.on("error", () => arrivals.ended());
  return watcher;
}
