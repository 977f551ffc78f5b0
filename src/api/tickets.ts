/** Tickets for terminals: a browser's WebSocket cannot show a token, and a token must not stand in an address. */
import { createHash, randomBytes } from "node:crypto";
import { BerthError } from "../base/errors.ts";
import type { Caller } from "./access.ts";

const LIFE_MS = 30_000;
const OPEN_MAX = 256;
const BYTES = 32;

interface Ticket {
  readonly caller: Caller;
  readonly project: string;
  readonly until: number;
}

/** Single-use, for half a minute, for one caller and one project. */
export class Tickets {
  readonly #now: () => number;
  readonly #open = new Map<string, Ticket>();

  /** `now` in milliseconds since the epoch. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** A new ticket; the oldest open one makes room past the bound. */
  issue(caller: Caller, project: string): Readonly<{ ticket: string; expiresAt: number }> {
    const ticket = randomBytes(BYTES).toString("base64url");
    const until = this.#now() + LIFE_MS;
    const [oldest] = this.#open.keys();
    if (this.#open.size >= OPEN_MAX && oldest !== undefined) this.#open.delete(oldest);
    // by its hash, so that the time of looking it up tells nothing of it
    this.#open.set(hashOf(ticket), { caller, project, until });
    return { ticket, expiresAt: until };
  }

  /** Uses a ticket up, for whatever it was shown; its caller if it is for this project and in time. */
  redeem(ticket: string, project: string): Caller {
    const hash = hashOf(ticket);
    const found = this.#open.get(hash);
    this.#open.delete(hash);
    if (found !== undefined && found.project === project && found.until > this.#now())
      return found.caller;
    throw new BerthError("permission", {
      code: "api.ticket-invalid",
      detail: "this ticket opens nothing: it is unknown, used, too old or for another project",
      hint: "ask for a new one, and use it within half a minute",
    });
  }
}

function hashOf(ticket: string): string {
  return createHash("sha256").update(ticket).digest("hex");
}
