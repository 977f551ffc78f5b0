/** A machine beyond this host, made of a network namespace: it listens on addresses that agents may or may not reach. */
import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createServer } from "node:net";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";

const run = promisify(execFile);
const DEADLINE_MS = 10_000;

/** Runs a command on the host; it needs root, as the firewall itself does. */
export async function onHost(argv: readonly string[]): Promise<string> {
  const [command = "", ...rest] = argv;
  return (await run(command, rest, { timeout: DEADLINE_MS })).stdout;
}

/** Listens on every address of this host until the test ends; returns the port. */
export async function listenOnHost(): Promise<number> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.end("host\n");
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "0.0.0.0", resolve);
  });
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** IPv4 addresses of this host, loopback left out. */
export async function hostAddresses(): Promise<readonly string[]> {
  const listing = await onHost(["ip", "-4", "-o", "addr", "show", "scope", "global"]);
  return listing.split("\n").flatMap((line) => /inet ([\d.]+)/.exec(line)?.[1] ?? []);
}

const LISTENER = `
const server = require("node:net").createServer((socket) => socket.on("error", () => {}).end("outside\\n"));
server.listen(7070, "0.0.0.0", () => console.log("listening"));
`;

/** Puts a listener on port 7070 of each address, a hop away from this host, until the test ends. */
export async function openOutside(addresses: readonly string[]): Promise<number> {
  const tag = randomBytes(3).toString("hex");
  const [space, near, far] = [`bo-${tag}`, `bo${tag}a`, `bo${tag}b`];
  const inSpace = ["ip", "netns", "exec", space];
  await onHost(["ip", "netns", "add", space]);
  onTestFinished(async () => {
    await onHost(["ip", "netns", "del", space]);
  });
  await onHost(["ip", "link", "add", near, "type", "veth", "peer", "name", far, "netns", space]);
  // A pair of addresses of the documentation range, which nobody has.
  await onHost(["ip", "addr", "add", "198.51.100.1/30", "dev", near]);
  await onHost(["ip", "link", "set", near, "up"]);
  await onHost([...inSpace, "ip", "addr", "add", "198.51.100.2/30", "dev", far]);
  await onHost([...inSpace, "ip", "link", "set", far, "up"]);
  await onHost([...inSpace, "ip", "route", "add", "default", "via", "198.51.100.1"]);
  for (const address of addresses) {
    await onHost([...inSpace, "ip", "addr", "add", `${address}/32`, "dev", far]);
    await onHost(["ip", "route", "add", `${address}/32`, "via", "198.51.100.2", "dev", near]);
  }
  const argv = ["netns", "exec", space, process.execPath, "-e", LISTENER];
  const listener = spawn("ip", argv, { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void listener.kill("SIGKILL"));
  await new Promise<void>((resolve, reject) => {
    listener.stdout.once("data", () => resolve());
    listener.once("exit", () => reject(new Error("the outside listener did not start")));
  });
  return 7070;
}
