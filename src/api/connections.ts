/** The connections of one listener: those that carry requests and those that became streams, counted apart, with room left to ask for health. */
import type { Socket } from "node:net";
import type { Bounds } from "./bounds.ts";

/** What a request may do with the connection it came by. */
export interface Connection {
  /** Its answer is a stream: it counts among the streams from now on, and ends with its answer. */
  becomesStream(): void;
  /** Takes it among a token's; false when the token has as many as one may. */
  belongsTo(token: string): boolean;
  /** Ends it at once, with whatever its reader has not taken. */
  cut(): void;
}

type Limits = Pick<Bounds, "connections" | "tokenConnections" | "spareConnections">;

/** Connections past the bound are spare ones: few, only for liveness, and the newest is served. */
export class Connections {
  readonly #limits: Limits;
  readonly #requests = new Set<Socket>();
  readonly #spare = new Set<Socket>();
  readonly #ofToken = new Map<string, Set<Socket>>();

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Counts a new connection. When all spare ones are taken too, the oldest of those makes room. */
  enter(socket: Socket): void {
    const among = this.#requests.size < this.#limits.connections ? this.#requests : this.#spare;
    if (among === this.#spare && among.size >= this.#limits.spareConnections) {
      const [oldest] = among;
      oldest?.destroy();
      if (oldest !== undefined) among.delete(oldest);
    }
    among.add(socket);
    socket.once("close", () => this.leave(socket));
  }

  leave(socket: Socket): void {
    this.#requests.delete(socket);
    this.#spare.delete(socket);
    for (const [token, sockets] of this.#ofToken) {
      sockets.delete(socket);
      if (sockets.size === 0) this.#ofToken.delete(token);
    }
  }

  isSpare(socket: Socket): boolean {
    return this.#spare.has(socket);
  }

  of(socket: Socket): Connection {
    return {
      becomesStream: () => this.leave(socket),
      belongsTo: (token) => this.#admit(socket, token),
      cut: () => socket.destroy(),
    };
  }

  #admit(socket: Socket, token: string): boolean {
    const sockets = this.#ofToken.get(token) ?? new Set();
    if (!sockets.has(socket) && sockets.size >= this.#limits.tokenConnections) return false;
    this.#ofToken.set(token, sockets.add(socket));
    return true;
  }
}
