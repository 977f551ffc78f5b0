/** Reads what a terminal's client says: its start message, and JSON frames in general. */
import type { WebSocket } from "ws";
import { BerthError } from "../base/errors.ts";
import { terminalRequest } from "../schema/api-terminal.ts";

type Start = Extract<ReturnType<typeof terminalRequest.parse>, { kind: "start" }>;

/** The `start` message. Later ones wait unread in the socket until the session listens. */
export function firstMessage(ws: WebSocket, deadlineMs: number): Promise<Start> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(startInvalid("no start message arrived in time")),
      deadlineMs,
    );
    ws.once("close", () => {
      clearTimeout(timer);
      reject(startInvalid("the client left before it said what to run"));
    });
    ws.once("message", (frame: Buffer, binary: boolean) => {
      clearTimeout(timer);
      ws.pause();
      const parsed = binary ? null : terminalRequest.safeParse(parsedJson(frame));
      if (parsed?.success === true && parsed.data.kind === "start") resolve(parsed.data);
      else reject(startInvalid("the first message must be {kind: start, argv: […]}"));
    });
  });
}

/** JSON of a frame; null, which no message is, when it is not JSON. */
export function parsedJson(frame: Buffer): unknown {
  try {
    return JSON.parse(frame.toString("utf8"));
  } catch {
    return null;
  }
}

function startInvalid(detail: string): BerthError {
  return new BerthError("usage", { code: "api.terminal-start-invalid", detail });
}
