/** A unix socket that stays where it is looked for: removed or replaced it is made again, and what is connected stays so. */
import { lstatSync, renameSync, rmdirSync, unlinkSync } from "node:fs";
import { createServer } from "node:net";
import type { Server, Socket } from "node:net";

interface FileId {
  readonly dev: bigint;
  readonly ino: bigint;
}

export interface OwnSocketParts {
  readonly path: string;
  readonly maxConnections: number;
  accept(socket: Socket): void;
  /** Told why it cannot listen, once for each reason. */
  trouble(reason: string): void;
}

/**
 * INVARIANTS: at most one server accepts; `file` is what leads to it, and no other file at the path is ever removed but
 * by one of ours taking its place. A server unlinks the name it was given when it closes: so each is given another name
 * first, and its file is moved to the path once it listens.
 */
export class OwnSocket {
  readonly #parts: OwnSocketParts;
  #server: Server | null = null;
  #file: FileId | null = null;
  #busy = false;
  #closed = false;
  #lastTrouble = "";

  constructor(parts: OwnSocketParts) {
    this.#parts = parts;
  }

  /** Listens, unless the path leads here already. Never fails: what is in the way now may be gone at the next call. */
  async keep(): Promise<void> {
    if (this.#closed || this.#busy || this.#isThere()) return;
    this.#busy = true;
    try {
      await this.#listen();
      this.#lastTrouble = "";
    } catch (thrown) {
      const reason = thrown instanceof Error ? thrown.message : String(thrown);
      if (reason !== this.#lastTrouble) this.#parts.trouble(reason);
      this.#lastTrouble = reason;
    } finally {
      this.#busy = false;
    }
  }

  /** Removes the file if it is still ours; a newer one is somebody else's. */
  close(): void {
    this.#closed = true;
    if (this.#isThere()) clear(this.#parts.path);
    this.#server?.close();
  }

  #isThere(): boolean {
    if (this.#file === null) return false;
    const now = fileAt(this.#parts.path);
    return now !== null && now.ino === this.#file.ino && now.dev === this.#file.dev;
  }

  async #listen(): Promise<void> {
    const { path, maxConnections } = this.#parts;
    const fresh = `${path}.new`;
    clear(fresh);
    const server = createServer((socket) => this.#parts.accept(socket));
    server.maxConnections = maxConnections;
    await listening(server, fresh);
    if (this.#closed) return void server.close();
    const file = fileAt(fresh);
    try {
      moveTo(fresh, path);
    } catch (thrown) {
      server.close();
      throw thrown;
    }
    // Accepts no more; its connections go on.
    this.#server?.close();
    this.#server = server;
    this.#file = file;
  }
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    // Stays for good: a server's later error must not be without a listener.
    server.on("error", reject);
    server.listen(path, resolve);
  });
}

/** Null when nothing is there or it cannot be seen. */
function fileAt(path: string): FileId | null {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false }) ?? null;
  } catch {
    return null;
  }
}

/** In one step: whoever looks sees the old file or a socket that listens. Only an (empty) directory must go first. */
function moveTo(from: string, path: string): void {
  try {
    renameSync(from, path);
  } catch (thrown) {
    if (!(thrown instanceof Error && "code" in thrown && thrown.code === "EISDIR")) throw thrown;
    rmdirSync(path);
    renameSync(from, path);
  }
}

function clear(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Not there, or listening will say what is.
  }
}
