/** Terminals: a command inside a project's container, over a WebSocket; see schema/api-terminal for what the ends say. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { asBerthError, BerthError, causeChain } from "../base/errors.ts";
import type { Daemon } from "../loop/daemon.ts";
import type { TerminalReply } from "../schema/api-terminal.ts";
import type { Bounds } from "./bounds.ts";
import type { Caller } from "./access.ts";
import { refuseForeign, refuseScope } from "./access.ts";
import { callerOf, type Entrance } from "./caller.ts";
import type { AllowedHosts } from "./hosts.ts";
import type { ApiLog } from "./log.ts";
import { problemOf, rawProblem } from "./problem.ts";
import { firstMessage } from "./terminal-message.ts";
import { pipeSession } from "./terminal-pipe.ts";
import type { Tickets } from "./tickets.ts";
import type { TokenWatch } from "./token-watch.ts";

const PATH = /^\/api\/v1\/projects\/([\w.-]+)\/exec(?:\?(?:ticket=([\w-]{43}))?)?$/;

interface TerminalFacts {
  readonly daemon: Daemon;
  readonly bounds: Bounds;
  readonly log: ApiLog;
  readonly hosts: AllowedHosts;
  readonly tickets: Tickets;
  readonly watch: TokenWatch;
}

/** How an upgrade came in, and the first bytes after its head. */
interface Entry {
  readonly head: Buffer;
  readonly entrance: Entrance;
}

/** A terminal acts in a project like any verb that changes it. */
const ACCESS = {
  kind: "project",
  scope: "admin",
  of: ({ project }: Readonly<{ project: string }>) => project,
} as const;

/** Accepts upgrades and keeps the open terminals within their bound. */
export class Terminals {
  readonly #facts: TerminalFacts;
  readonly #server: WebSocketServer;
  readonly #open = new Set<WebSocket>();

  constructor(facts: TerminalFacts) {
    this.#facts = facts;
    this.#server = new WebSocketServer({
      noServer: true,
      maxPayload: facts.bounds.terminalFrameBytes,
      perMessageDeflate: false,
    });
  }

  /** Answers an upgrade request: a terminal, or a problem and the end of the connection. */
  upgrade(request: IncomingMessage, socket: Duplex, entry: Entry): void {
    socket.on("error", () => socket.destroy());
    void this.#answer(request, socket, entry).catch((thrown: unknown) =>
      socket.end(rawProblem(problemOf(asBerthError(thrown)))),
    );
  }

  async #answer(
    request: IncomingMessage,
    socket: Duplex,
    { head, entrance }: Entry,
  ): Promise<void> {
    const caller = await this.#admit(request, entrance);
    if (socket.destroyed) return;
    this.#server.handleUpgrade(request, socket, head, (ws) => this.#run(ws, request, caller));
  }

  endAll(): void {
    for (const ws of this.#open) ws.terminate();
  }

  /** Who may have this terminal; throws why not. */
  async #admit(request: IncomingMessage, entrance: Entrance): Promise<Caller> {
    const { daemon, hosts, bounds } = this.#facts;
    const headers = headersOf(request);
    if (entrance === "tcp") hosts.check(headers);
    const [, project, ticket] = PATH.exec(request.url ?? "") ?? [];
    const caller =
      ticket === undefined || project === undefined
        ? await callerOf(headers, entrance, (text) => daemon.bearerOf(text))
        : await this.#ticketHolder(ticket, project);
    if (project === undefined)
      throw new BerthError("usage", {
        code: "api.route-missing",
        detail: `no terminal is at ${request.url ?? ""}`,
      });
    refuseScope(caller, ACCESS);
    await refuseForeign(caller, ACCESS, { project });
    if (this.#open.size < bounds.terminals) return caller;
    throw new BerthError("capacity", {
      code: "api.terminals-full",
      detail: `${bounds.terminals} terminals are open already`,
      hint: "close one",
    });
  }

  /** A ticket is as good as its token still is. */
  async #ticketHolder(ticket: string, project: string): Promise<Caller> {
    const { tickets, daemon } = this.#facts;
    const caller = tickets.redeem(ticket, project);
    if (caller.token === null || (await daemon.isTokenLive(caller.token))) return caller;
    throw new BerthError("permission", {
      code: "api.token-invalid",
      detail: "the token this ticket was made for opens nothing any more",
    });
  }

  #run(ws: WebSocket, request: IncomingMessage, caller: Caller): void {
    this.#open.add(ws);
    // Writing is how a vanished client is noticed while its input is not read. No answer is demanded: a reader that pauses, as
    // `exec … | less` does, gives none, and the kernel knows at once when the other end of a unix socket is gone.
    const beat = setInterval(() => ws.ping(), this.#facts.bounds.heartbeatMs);
    const unwatch = this.#facts.watch.add(caller.token, () => ws.terminate());
    ws.on("close", () => {
      clearInterval(beat);
      unwatch();
      this.#open.delete(ws);
    });
    // a broken frame or a reset connection: `close` follows and cleans up
    ws.on("error", () => ws.terminate());
    void this.#converse(ws, request, caller).catch((thrown: unknown) => this.#fail(ws, thrown));
  }

  async #converse(
    ws: WebSocket,
    request: IncomingMessage,
    { by, project: own }: Caller,
  ): Promise<void> {
    const project = PATH.exec(request.url ?? "")?.[1] ?? "";
    const start = await firstMessage(ws, this.#facts.bounds.terminalStartMs);
    const { argv, tty, root, environment, columns, rows } = start;
    if (root && own !== null)
      throw new BerthError("permission", {
        code: "api.token-project-only",
        detail: "root inside a container is for whoever holds the host",
        hint: "leave root away",
      });
    const handle = await this.#facts.daemon.exec({ project, argv, tty, root, environment, by });
    try {
      // A short command has ended before its size arrives; it has its output and its code all the same.
      if (tty && columns !== undefined && rows !== undefined)
        await handle.session.resize(columns, rows).catch(() => undefined);
      say(ws, { kind: "started" });
      const code = await pipeSession(ws, handle, tty);
      say(ws, { kind: "exit", code });
      end(ws, 1000);
    } finally {
      await handle.close();
    }
  }

  #fail(ws: WebSocket, thrown: unknown): void {
    const error = asBerthError(thrown);
    if (error.kind === "defect")
      this.#facts.log.error({ chain: causeChain(error) }, "terminal failed");
    say(ws, { kind: "problem", problem: problemOf(error) });
    end(ws, 1011);
  }
}

function say(ws: WebSocket, reply: TerminalReply): void {
  if (ws.readyState === ws.OPEN) ws.send(JSON.stringify(reply));
}

/** A paused socket would never see the other side's close. */
function end(ws: WebSocket, code: number): void {
  ws.resume();
  ws.close(code);
}

function headersOf(request: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers))
    if (typeof value === "string") headers.set(name, value);
  return headers;
}
