/** Dialling a runner that dies at the wrong moment: an error of the socket is never without a listener. */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CONTROL_SOCKET } from "../../../src/protocol/spool.ts";
import { dial } from "../../../src/runners/dial.ts";

test("a connection that breaks before anybody listens to it ends nothing but itself", async () => {
  const folder = mkdtempSync(join(tmpdir(), "berth-dial-"));
  const server = createServer((socket) => void socket.on("error", () => undefined));
  server.listen(join(folder, CONTROL_SOCKET));
  await once(server, "listening");
  try {
    const socket = await dial(folder);
    const closed = new Promise((resolve) => {
      socket.once("close", resolve);
    });
    // Without a listener of its own this would be an uncaught exception, which fails the run.
    socket.destroy(new Error("read ECONNRESET"));
    await closed;
    expect(socket.destroyed).toBe(true);
  } finally {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
