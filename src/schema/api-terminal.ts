/** What a terminal's two ends say over the WebSocket besides bytes. */
import { z } from "zod";
import { problem } from "./api-problem.ts";
import { shape } from "./api-shape.ts";

/** Bounds of one exec: arguments, their bytes, variables. */
const ARGUMENTS_MAX = 1024;
const TEXT_MAX = 131_072;
const side = z.number().int().min(1).max(10_000);

/**
 * Client to daemon, as text frames; bytes for stdin are binary frames. `start` comes first and once, nothing
 * else before the daemon said `started`; `eof` ends stdin.
 */
export const terminalRequest = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("start"),
    argv: z.array(z.string().max(TEXT_MAX)).min(1).max(ARGUMENTS_MAX),
    tty: z.boolean().default(false),
    root: z.boolean().default(false),
    environment: z.record(z.string().min(1).max(256), z.string().max(TEXT_MAX)).default({}),
    columns: side.optional(),
    rows: side.optional(),
  }),
  z.strictObject({ kind: z.literal("resize"), columns: side, rows: side }),
  z.strictObject({ kind: z.literal("eof") }),
]);

/**
 * Daemon to client, as text frames; output is binary frames whose first byte is 1 (stdout) or 2 (stderr). `exit` or `problem`
 * is the last thing said; a null code means the engine could not tell.
 */
const terminalReply = z.union([
  shape({ kind: z.literal("started") }),
  shape({ kind: z.literal("exit"), code: z.number().nullable() }),
  shape({ kind: z.literal("problem"), problem }),
]);

export type TerminalRequest = z.input<typeof terminalRequest>;
export type TerminalReply = z.output<typeof terminalReply>;

/** Opens one terminal; told once, so that a repeat of the request gets null. */
export const ticketView = shape({ ticket: z.string().nullable(), expiresAt: z.number() }).meta({
  id: "Ticket",
});
export type ApiTicket = z.output<typeof ticketView>;
