/** What belongs to a project goes by labels; what only took its names is foreign to it. */
import { expect, test } from "vitest";
import type { EngineSnapshot, ObservedContainer, OwnLabels } from "../../../src/model/observed.ts";
import { belongingsOf, foreignTo } from "../../../src/observe/belongings.ts";

const US = { install: "main", installUid: "u1" };
const own = (project: string | null, more: Partial<OwnLabels> = {}): OwnLabels => ({
  ...US,
  project,
  generation: 1,
  specHash: "s",
  epoch: 1,
  ...more,
});
const NOBODY = own(null, { install: null, installUid: null });

const container = (id: string, name: string, labels: OwnLabels): ObservedContainer => ({
  id,
  name,
  image: "i",
  imageId: "i",
  state: "running",
  own: labels,
  networkIds: [],
  networkNames: [],
  createdAt: 0,
});
const network = (id: string, name: string, labels: OwnLabels) => ({
  id,
  name,
  own: labels,
  subnet: null,
  internal: true,
  bridge: null,
  egress: null,
});
const volume = (name: string, labels: OwnLabels) => ({ name, own: labels, role: null });

const SNAPSHOT: EngineSnapshot = {
  at: 0,
  containers: [
    container("web", "berth-main-web", own("web")),
    container("old", "berth-main-web-old", own("web")),
    container("squatter", "berth-main-api", NOBODY),
    container("restored", "berth-main-bot", own("bot", { installUid: "u2" })),
    container("swapped", "berth-main-jobs", own("web")),
    container("else", "berth-other-web", own("web", { install: "other" })),
  ],
  networks: [
    network("n1", "berth-main-web", own("web")),
    network("n2", "berth-main-web", NOBODY),
    network("n3", "bridge", NOBODY),
  ],
  volumes: [
    volume("berth-main-web.work", own("web")),
    volume("berth-main-web.mine", NOBODY),
    volume("berth-main-web2.mine", NOBODY),
    volume("berth-main-spool", own(null)),
  ],
};

test("a project has what bears its labels, whatever it is called", () => {
  const { containers, networks, volumes } = belongingsOf("web", US, SNAPSHOT);
  expect(containers.map(({ id }) => id)).toEqual(["web", "old", "swapped"]);
  expect(networks.map(({ id }) => id)).toEqual(["n1"]);
  expect(volumes).toEqual(["berth-main-web.work"]);
});

test("a project that has nothing has nothing", () => {
  expect(belongingsOf("api", US, SNAPSHOT)).toEqual({ containers: [], networks: [], volumes: [] });
});

test("what took its names is foreign: unlabelled, of another install's database, or another project's", () => {
  expect(foreignTo("web", US, SNAPSHOT)).toEqual({
    container: false,
    network: true,
    volumes: ["berth-main-web.mine"],
  });
  for (const project of ["api", "bot", "jobs"])
    expect(foreignTo(project, US, SNAPSHOT).container).toBe(true);
  expect(foreignTo("web2", US, SNAPSHOT).volumes).toEqual(["berth-main-web2.mine"]);
});

test("another install reads the same snapshot by its own labels", () => {
  belongingsOf("web", US, SNAPSHOT);
  const other = { install: "other", installUid: "u1" };
  expect(belongingsOf("web", other, SNAPSHOT).containers.map(({ id }) => id)).toEqual(["else"]);
});
