/** Subnets: the lowest free /28, one a project, never overlapping, whoever asks at once. */
import { Client } from "pg";
import { beforeAll, expect, test } from "vitest";
import { projectSpec } from "../../support/declarations.ts";
import { database, declare, door, epoch, leadOwnDatabase, startWith } from "./leader.ts";
import { refusalOf } from "./requests.ts";

const NAMES = Array.from({ length: 50 }, (_, n) => `p-${n}`);
leadOwnDatabase();
beforeAll(() => declare(...NAMES.map((name) => projectSpec(name))));
startWith("subnet");

const allocate = (
  project: string,
  pool = "10.201.0.0/16",
  avoid: readonly string[] = [],
): Promise<string> => door.allocateSubnet({ epoch, project, pool, avoid });

test("fifty projects asking at once, each twice, get the fifty lowest", async () => {
  const asked = await Promise.all([...NAMES, ...NAMES].map((name) => allocate(name)));
  expect(asked.slice(0, 50)).toEqual(asked.slice(50));
  const expected = NAMES.map((_, n) => `10.201.${Math.floor(n / 16)}.${(n % 16) * 16}/28`);
  expect(new Set(asked)).toEqual(new Set(expected));
  const rows = await door.projects();
  expect(rows.every((row) => expected.includes(row.subnet ?? ""))).toBe(true);
});

test("a released subnet is the next one given", async () => {
  await allocate("p-0");
  await allocate("p-1");
  await door.releaseSubnet({ epoch, project: "p-0" });
  await door.releaseSubnet({ epoch, project: "p-0" });
  expect(await allocate("p-2")).toBe("10.201.0.0/28");
});

test("what the host routes is passed over, a default route and IPv6 are not taken for all addresses", async () => {
  expect(
    await allocate("p-0", "10.201.0.0/16", [
      "0.0.0.0/0",
      "fe80::/64",
      "10.201.0.8",
      "10.201.0.16/27",
    ]),
  ).toBe("10.201.0.32/28");
});

test("an exhausted pool is a matter of capacity", async () => {
  await allocate("p-0", "10.9.0.0/27");
  await allocate("p-1", "10.9.0.0/27");
  expect(await refusalOf(allocate("p-2", "10.9.0.0/27"))).toBe("capacity postgres.pool-exhausted");
  expect(await refusalOf(allocate("p-2", "10.9.0.0/29"))).toBe("capacity postgres.pool-exhausted");
  expect(await refusalOf(allocate("p-2", "pool"))).toBe("usage postgres.pool-invalid");
  expect(await refusalOf(allocate("ghost"))).toBe("usage postgres.project-unknown");
});

test("of projects asking at once only the one at fault is refused", async () => {
  const asked = await Promise.allSettled([
    allocate("p-0"),
    allocate("p-1"),
    allocate("ghost"),
    allocate("p-2", "10.9.0.0/29"),
    allocate("p-3"),
  ]);
  expect(asked.flatMap(({ status }, at) => (status === "rejected" ? [at] : []))).toEqual([2, 3]);
  const rows = await database.sql("select project from subnet order by project");
  expect(rows.map((row) => row["project"])).toEqual(["p-0", "p-1", "p-3"]);
});

test("a project that somebody holds delays neither its own allocation nor those beside it", async () => {
  const holder = new Client({ connectionString: database.url });
  await holder.connect();
  try {
    await holder.query("begin");
    await holder.query("select from project where name = 'p-1' for no key update");
    const from = performance.now();
    await Promise.all(["p-0", "p-1", "p-2"].map((name) => allocate(name)));
    // A lock is waited for by seconds.
    expect(performance.now() - from).toBeLessThan(1_000);
  } finally {
    await holder.end();
  }
});

test("the table itself refuses an overlap", async () => {
  await allocate("p-0");
  await expect(database.sql("insert into subnet values ('p-1', '10.201.0.0/24')")).rejects.toThrow(
    "conflicting key value",
  );
});
