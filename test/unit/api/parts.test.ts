/** Routes of single runs, of resources, and of one project's declaration, through the typed client as a browser carries it. */
import { expect, test } from "vitest";
import { makeClient } from "../../../src/client/client.ts";
import { fetchTransport } from "../../../src/client/fetch.ts";
import { agentList, agentPage } from "../../../src/schema/api-project.ts";
import { runRecord } from "../../../src/schema/api-record.ts";
import { resourcesView } from "../../../src/schema/api-resource.ts";
import { startServer, type TestServer } from "../../support/api-server.ts";
import { bearer } from "../../support/bearer.ts";
import { aLine, anEvent, fakeDaemon, lines, NOW } from "../../support/fake-daemon.ts";

let keys = 0;
const clientOf = (server: TestServer, token: string | null) =>
  makeClient({
    transport: fetchTransport(server.url),
    identity: { user: null, reason: "from the page", token },
    signal: AbortSignal.timeout(20_000),
    newKey: () => `key-${(keys += 1)}`,
  });

test("by fetch the client reads lists and streams, and errors keep their code", async () => {
  const daemon = fakeDaemon({ follow: () => lines([anEvent(1), anEvent(2)]) });
  await using server = await startServer(daemon);
  const { secret } = await bearer(daemon, "read");
  const client = clientOf(server, secret);
  expect((await client.projects()).map(({ name }) => name)).toEqual(["web"]);
  const ids: number[] = [];
  for await (const event of client.follow({})) ids.push(event.id);
  expect(ids).toEqual([1, 2]);
  await expect(client.steer({ project: "web", verb: "pause" })).rejects.toMatchObject({
    kind: "permission",
    code: "api.scope-missing",
  });
  await expect(clientOf(server, null).projects()).rejects.toMatchObject({
    code: "api.token-missing",
  });
  const nowhere = fetchTransport("http://127.0.0.1:9");
  const lost = makeClient({
    transport: nowhere,
    identity: { user: null, reason: null },
    signal: AbortSignal.timeout(20_000),
    newKey: () => "",
  });
  await expect(lost.host()).rejects.toMatchObject({ code: "client.daemon-absent" });
});

test("a run, the agents of a project and the resources are read one by one", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const client = clientOf(server, (await bearer(daemon, "read")).secret);
  expect(runRecord.parse(await client.run("r-1")).project).toBe("web");
  await expect(client.run("r-9")).rejects.toMatchObject({ code: "loop.run-unknown" });
  expect(agentList.parse(await client.agents("web")).items[0]?.agent).toBe("coder");
  expect(agentPage.parse(await client.allAgents({ limit: 5 })).items[0]?.project).toBe("web");
  expect((await client.projectPage({ limit: 5 })).next).toBeNull();
  const resources = resourcesView.parse(await client.resources());
  expect(resources.host.cpus).toBe(2);
  expect(resources.allocations).toMatchObject([
    { project: "web", admitted: true, limits: { memoryBytes: 536_870_912 } },
  ]);
});

test("a run's output is asked for by range, after a cursor, or followed", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const path = "/api/v1/runs/r-1/output";
  const answer = await server.ask({ path: `${path}?since=5&until=9&tail=3&after=r-1:4` });
  expect(
    answer.text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as object),
  ).toEqual([
    { project: "web", ...aLine(NOW, "hello") },
    { project: "web", ...aLine(NOW + 1, "world") },
  ]);
  const asked = { project: "web", agent: null, run: "r-1", previous: false };
  const range = { since: 5, until: 9, tail: 3, follow: false, after: "r-1:4" };
  expect(daemon.asked.at(-1)).toEqual(["output", { ...asked, ...range }]);
  const headers = { accept: "text/event-stream", "last-event-id": "r-1:7" };
  const followed = await server.ask({ path: `${path}?follow=true`, headers });
  expect(followed.text).toContain(`id: r-1:${NOW}\ndata: {"project":"web"`);
  const open = { since: null, until: null, tail: null, follow: true, after: "r-1:7" };
  expect(daemon.asked.at(-1)).toEqual(["output", { ...asked, ...open }]);
  expect((await server.ask({ path: "/api/v1/runs/r-9/output" })).status).toBe(404);
});

test("a project is declared by itself, under the path's name, and nothing of the host with it", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const client = clientOf(server, (await bearer(daemon, "admin")).secret);
  const declaration = { image: "debian:bookworm-slim", agents: {} };
  expect((await client.declare("web", declaration)).generation).toBe(4);
  expect(daemon.asked.at(-1)).toMatchObject([
    "apply",
    {
      bundle: {
        entry: "web.yaml",
        files: { "web.yaml": JSON.stringify({ ...declaration, name: "web" }, null, 2) },
        base: "/api",
      },
      prune: false,
      idempotencyKey: expect.stringMatching(/ key-\d+$/),
      by: { reason: "from the page" },
    },
  ]);
  for (const refused of [{ name: "other" }, { host: {} }, { projects: {} }, { include: ["*"] }])
    await expect(client.declare("web", refused)).rejects.toMatchObject({
      code: "api.request-invalid",
    });
  const own = await bearer(daemon, "admin", { project: "web" });
  await expect(clientOf(server, own.secret).declare("web", declaration)).rejects.toMatchObject({
    code: "api.token-project-only",
  });
});
