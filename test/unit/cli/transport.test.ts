/** What goes wrong on the way to the daemon's socket is told to whoever must act. */
import { expect, test } from "vitest";
import { daemonAddress, unreachable } from "../../../src/cli/transport.ts";

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

test("a daemon is at a unix socket or at a TCP address, with or without TLS", () => {
  const path = "/run/berth/berth.sock";
  expect(daemonAddress(`unix:${path}`)).toEqual({ kind: "socket", path });
  const plain = { kind: "tcp", protocol: "http:" } as const;
  expect(daemonAddress("127.0.0.1:7878")).toEqual({
    ...plain,
    hostname: "127.0.0.1",
    port: "7878",
  });
  expect(daemonAddress("http://[::1]:7878")).toEqual({ ...plain, hostname: "[::1]", port: "7878" });
  expect(daemonAddress("https://berth.example.org")).toEqual({
    kind: "tcp",
    protocol: "https:",
    hostname: "berth.example.org",
    port: "",
  });
  for (const host of ["unix:relative", "http://x/path", "", "ftp://x", "http://a b", "http://u@x"])
    expect(() => daemonAddress(host)).toThrow(/no address of a daemon/);
});
