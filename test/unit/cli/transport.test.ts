/** What goes wrong on the way to the daemon's socket is told to whoever must act. */
import { expect, test } from "vitest";
import { socketPathOf, unreachable } from "../../../src/cli/transport.ts";

const failed = (code: string): Error => Object.assign(new Error(code), { code });

test("an absent daemon is transient, a forbidden socket a matter of permission", () => {
  expect(unreachable("unix:/s", failed("ENOENT"))).toMatchObject({
    kind: "transient",
    code: "cli.daemon-absent",
  });
  expect(unreachable("unix:/s", failed("ECONNREFUSED"))).toMatchObject({
    code: "cli.daemon-absent",
  });
  expect(unreachable("unix:/s", failed("EACCES"))).toMatchObject({
    kind: "permission",
    code: "cli.socket-refused",
  });
  expect(unreachable("unix:/s", failed("ECONNRESET"))).toMatchObject({
    kind: "transient",
    code: "cli.daemon-left",
  });
});

test("only unix sockets are addresses for now", () => {
  expect(socketPathOf("unix:/run/berth/berth.sock")).toBe("/run/berth/berth.sock");
  for (const host of ["unix:relative", "http://x", ""])
    expect(() => socketPathOf(host)).toThrow(/cannot reach/);
});
