/** Secrets as they are read: each fault by its name, and nothing in a secret's place can hang or swell the daemon. */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readSecrets, secretsFor } from "../../../src/loop/secrets.ts";
import { emptyWorld } from "../../../src/loop/world.ts";
import type { Session } from "../../../src/loop/session.ts";

const KIB = 1024;
const dir = mkdtempSync(join(tmpdir(), "berth-secrets-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const at = (name: string): string => join(dir, "web", name);
mkdirSync(join(dir, "web"));

const decoded = (values: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, Buffer.from(value, "base64").toString()]),
  );

test("values are read whole up to 64 KiB, also the empty one and through a link", async () => {
  const most = "x".repeat(64 * KIB);
  writeFileSync(at("MOST"), most);
  writeFileSync(at("EMPTY"), "");
  symlinkSync("MOST", at("LINK"));
  const { values, faults } = await readSecrets(dir, "web", ["MOST", "EMPTY", "LINK"]);
  expect(decoded(values)).toEqual({ MOST: most, EMPTY: "", LINK: most });
  expect([...faults]).toEqual([]);
});

test("what cannot be read says why", async () => {
  writeFileSync(at("LARGE"), "x".repeat(64 * KIB + 1));
  writeFileSync(at("HUGE"), "");
  truncateSync(at("HUGE"), 10 * KIB ** 3);
  mkdirSync(at("FOLDER"));
  execFileSync("mkfifo", [at("FIFO")]);
  symlinkSync("/dev/zero", at("DEVICE"));
  symlinkSync("LOOP", at("LOOP"));
  symlinkSync("nowhere", at("DANGLING"));
  const names = ["LARGE", "HUGE", "FOLDER", "FIFO", "DEVICE", "LOOP", "DANGLING", "ABSENT"];
  const before = process.memoryUsage().rss;
  const { values, faults } = await readSecrets(dir, "web", names);
  expect(values).toEqual({});
  expect(Object.fromEntries(faults)).toEqual({
    LARGE: "larger than 64 KiB",
    HUGE: "larger than 64 KiB",
    FOLDER: "not a file",
    FIFO: "not a file",
    DEVICE: "not a file",
    LOOP: "unreadable: ELOOP",
    DANGLING: "absent",
    ABSENT: "absent",
  });
  expect(process.memoryUsage().rss - before).toBeLessThan(64 * KIB ** 2);
  expect([...(await readSecrets(dir, "nobody", ["A"])).faults]).toEqual([["A", "absent"]]);
  expect([...(await readSecrets(null, "web", ["A"])).faults]).toEqual([
    ["A", "BERTH_SECRETS_DIR is not set"],
  ]);
});

test("a file whose permissions forbid it is unreadable, not absent", async () => {
  writeFileSync(at("SHUT"), "x");
  chmodSync(at("SHUT"), 0);
  // Root may read it all the same.
  const { faults } = await readSecrets(dir, "web", ["SHUT"]);
  expect([...faults]).toEqual(process.getuid?.() === 0 ? [] : [["SHUT", "unreadable: EACCES"]]);
});

test("faults are remembered by name until a read went well, and values are concealed", async () => {
  const world = emptyWorld({} as never, {} as never);
  const concealed: string[] = [];
  const session = {
    settings: { secretsDir: dir },
    log: { conceal: (text: string) => concealed.push(text) },
    world,
  } as unknown as Session;
  writeFileSync(at("GOOD"), "value\n");
  await secretsFor(session, "web", ["GOOD", "LATER", "NEVER"]);
  expect(concealed).toContain("value");
  writeFileSync(at("LATER"), "now");
  expect(Object.keys(await secretsFor(session, "web", ["LATER"]))).toEqual(["LATER"]);
  expect([...(world.secretFaults.get("web") ?? [])]).toEqual([["NEVER", "absent"]]);
});
