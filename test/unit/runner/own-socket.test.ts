/** The runner's socket stays at its path whatever is done to it, and never takes away what is not its own. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { OwnSocket } from "../../../src/runner/own-socket.ts";

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

function open() {
  const folder = mkdtempSync(join(tmpdir(), "berth-own-"));
  const path = join(folder, "control.sock");
  const accepted: Socket[] = [];
  const troubles: string[] = [];
  const socket = new OwnSocket({
    path,
    maxConnections: 2,
    accept: (one) => {
      accepted.push(one);
      one.on("error", () => undefined);
      one.pipe(one);
    },
    trouble: (reason) => troubles.push(reason),
  });
  ends.push(() => {
    socket.close();
    for (const one of accepted) one.destroy();
    rmSync(folder, { recursive: true, force: true });
  });
  return { folder, path, socket, troubles };
}

function dial(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const client = connect(path);
    client.once("error", reject);
    client.once("connect", () => resolve(client));
    ends.push(() => client.destroy());
  });
}

/** What comes back of `text`, which whoever accepted sends back. */
function echoed(client: Socket, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    client.once("data", (bytes) => resolve(bytes.toString()));
    client.once("close", () => reject(new Error("closed")));
    client.write(text);
  });
}

const inode = (path: string): number => lstatSync(path).ino;

test("while it is there nothing is made again", async () => {
  const { folder, path, socket } = open();
  await socket.keep();
  const before = inode(path);
  await Promise.all([socket.keep(), socket.keep()]);
  expect(inode(path)).toBe(before);
  expect(existsSync(join(folder, "control.sock.new"))).toBe(false);
});

test.each([
  ["removed", () => undefined],
  ["replaced by a file", (path: string) => writeFileSync(path, "x")],
  ["replaced by a directory", (path: string) => mkdirSync(path)],
])("%s, it listens again and keeps the connections it has", async (_, replace) => {
  const { path, socket, troubles } = open();
  await socket.keep();
  const early = await dial(path);
  expect(await echoed(early, "one")).toBe("one");
  for (const round of ["two", "three"]) {
    rmSync(path);
    replace(path);
    await socket.keep();
    expect(await echoed(await dial(path), round)).toBe(round);
    expect(await echoed(early, round)).toBe(round);
  }
  expect(troubles).toEqual([]);
});

test("a socket that an earlier boot left is replaced", async () => {
  const { path, socket } = open();
  writeFileSync(path, "left over");
  writeFileSync(`${path}.new`, "left over");
  await socket.keep();
  expect(await echoed(await dial(path), "x")).toBe("x");
});

test("what is in the way is told once, and does not last longer than it is there", async () => {
  const { folder, path, socket, troubles } = open();
  await socket.keep();
  const early = await dial(path);
  rmSync(path);
  mkdirSync(path);
  writeFileSync(join(path, "kept"), "somebody's");
  await socket.keep();
  await socket.keep();
  expect(troubles).toHaveLength(1);
  expect(troubles[0]).toContain("ENOTEMPTY");
  expect(readFileSync(join(path, "kept"), "utf8")).toBe("somebody's");
  expect(await echoed(early, "on")).toBe("on");
  rmSync(folder, { recursive: true });
  await socket.keep();
  mkdirSync(folder);
  await socket.keep();
  expect(await echoed(await dial(path), "back")).toBe("back");
  expect(troubles).toHaveLength(2);
});

test("closing removes its own file and nobody else's", async () => {
  const [own, other] = [open(), open()];
  await own.socket.keep();
  own.socket.close();
  expect(existsSync(own.path)).toBe(false);
  await own.socket.keep();
  expect(existsSync(own.path)).toBe(false);
  await other.socket.keep();
  rmSync(other.path);
  writeFileSync(other.path, "a newer one");
  other.socket.close();
  // A server that closes later than its file was given up has nothing to remove either.
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(readFileSync(other.path, "utf8")).toBe("a newer one");
});
