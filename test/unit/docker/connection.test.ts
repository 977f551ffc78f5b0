/** The connection to an engine: what a request costs besides being sent. */
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { connect } from "../../../src/docker/connection.ts";

// docker-modem shows the options of every request in full for a debug line; an agent in there holds every socket.
test("what docker-modem shows of its sockets at every request is a few words", () => {
  const link = connect({ dockerHost: "unix:///nowhere/docker.sock" });
  try {
    for (const { modem } of [link.api, link.streams] as unknown as { modem: object }[]) {
      const agent: unknown = Reflect.get(modem, "agent");
      expect(agent).toBeTypeOf("object");
      expect(inspect({ agent }, { showHidden: true, depth: null }).length).toBeLessThan(100);
    }
  } finally {
    link.close();
  }
});
