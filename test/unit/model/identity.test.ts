/** Whom agents run as, and that it is never root. */
import { expect, test } from "vitest";
import { resolveIdentity } from "../../../src/model/identity.ts";
import type { IdentityWish } from "../../../src/model/identity.ts";

const FILES = {
  passwd:
    "root:x:0:0::/root:/bin/sh\nnode:x:1000:1001::/home/node:/bin/sh\ntoor:x:0:0::/:/bin/sh\n",
  group: "root:x:0:node\nnode:x:1001:\ndocker:x:999:node,other\naudio:x:29:other\n",
};
const NOTHING: IdentityWish = { user: null, workspaceOwner: null, imageUser: null };
const resolve = (wish: Partial<IdentityWish>) => resolveIdentity({ ...NOTHING, ...wish }, FILES);
const id = (uid: number, gid: number, groups: readonly number[] = []) => ({
  ok: true,
  identity: { uid, gid, groups },
});

test("the declared user wins over the workspace's owner, that over the image's, that over 10001", () => {
  const owner = { uid: 5, gid: 6 };
  expect(resolve({ user: "7", workspaceOwner: owner, imageUser: "8" })).toEqual(id(7, 7));
  expect(resolve({ workspaceOwner: owner, imageUser: "8" })).toEqual(id(5, 6));
  expect(resolve({ imageUser: "8" })).toEqual(id(8, 8));
  expect(resolve({})).toEqual(id(10_001, 10_001));
  expect(resolve({ imageUser: "" })).toEqual(id(10_001, 10_001));
});

test("names, numbers and groups are read as Docker reads USER; group root is left out", () => {
  expect(resolve({ user: "node" })).toEqual(id(1000, 1001, [999]));
  expect(resolve({ user: "1000" })).toEqual(id(1000, 1001, [999]));
  expect(resolve({ user: "1000:29" })).toEqual(id(1000, 29));
  expect(resolve({ user: "node:audio" })).toEqual(id(1000, 29));
});

test("uid 0 is refused by any name; an image's root user falls back to 10001", () => {
  for (const user of ["0", "root", "toor", "0:1000"])
    expect(resolve({ user })).toMatchObject({ ok: false });
  expect(resolve({ workspaceOwner: { uid: 0, gid: 0 } })).toMatchObject({ ok: false });
  expect(resolve({ imageUser: "root" })).toEqual(id(10_001, 10_001));
  expect(resolve({ imageUser: "0:0" })).toEqual(id(10_001, 10_001));
});

test("an unknown user or group is an error, not a guess", () => {
  expect(resolve({ user: "ghost" })).toEqual({
    ok: false,
    reason: "user ghost is not in the image",
  });
  expect(resolve({ user: "node:ghosts" })).toMatchObject({ ok: false });
  expect(resolve({ user: "4294967295" })).toMatchObject({ ok: false });
  expect(resolve({ user: "-1" })).toMatchObject({ ok: false });
});
