/** What most Postgres tests stand on: a database of the file's own, with a leader on it and what is declared before each test. */
import { afterAll, beforeAll, beforeEach } from "vitest";
import type { ProjectSpec } from "../../../src/model/project.ts";
import type { PostgresDoor } from "../../../src/postgres/door.ts";
import { declarationOf } from "../../support/declarations.ts";
import { testPostgres, type TestPostgres } from "../../support/postgres.ts";
import { acceptOf } from "./requests.ts";
import { deskOf, type Desk } from "./task-requests.ts";

// Each test file has its own instance of this module: these are there from its `beforeAll` on.
export let database: TestPostgres;
export let door: PostgresDoor;
export let epoch: number;
export let desk: Desk;

/** For the top of a file, before hooks of its own. */
export function leadOwnDatabase(): void {
  beforeAll(async () => {
    database = await testPostgres();
    ({ door, epoch } = await database.lead());
    desk = deskOf(door, epoch);
  });
  afterAll(() => database.drop());
}

/** Before each test these tables are empty, and just these projects declared. */
export function startWith(tables: string, ...projects: readonly ProjectSpec[]): void {
  beforeEach(async () => {
    await database.sql(`truncate ${tables}`);
    if (projects.length > 0) await declare(...projects);
  });
}

export async function declare(...projects: readonly ProjectSpec[]): Promise<void> {
  await door.accept(acceptOf(epoch, declarationOf(...projects)));
}

/** Under the next epoch. */
export async function leadAgain(): Promise<void> {
  epoch = (await door.takeLeadership({ holder: "next", floor: 0, force: true })) ?? 0;
}
