/** The live stream: everything once, then only changes, events between, and one look for all readers. */
import { expect, test } from "vitest";
import { LiveBoard } from "../../../src/api/live-board.ts";
import { BerthError } from "../../../src/base/errors.ts";
import type { EventRecord } from "../../../src/model/event.ts";
import type { ProjectView } from "../../../src/model/view.ts";
import { type LiveItem, liveItem } from "../../../src/schema/api-live.ts";
import { startServer, until } from "../../support/api-server.ts";
import { anEvent, aProject, fakeDaemon, lines, READY } from "../../support/fake-daemon.ts";

const SSE = { accept: "text/event-stream" };

/** A board over a world that the test moves, each look at its own instant. */
function board(daemon = fakeDaemon()) {
  let at = 0;
  const made = new LiveBoard(daemon, () => (at += 1_000));
  const seen = new Map<string, number>();
  return {
    daemon,
    news: async (project: string | null = null): Promise<readonly LiveItem[]> => {
      await made.look();
      return [...made.changes(seen, project)];
    },
  };
}
const kinds = (items: readonly LiveItem[]): readonly string[] => items.map(({ kind }) => kind);

test("a reader gets everything once, then only what changed", async () => {
  const { daemon, news } = board();
  daemon.world = [aProject("api"), aProject("web")];
  expect(kinds(await news())).toEqual(["ready", "host", "queue", "project", "project"]);
  expect(await news()).toEqual([]);
  const frozen = aProject("web", { health: "frozen" });
  daemon.world = [aProject("api"), frozen];
  expect(await news()).toEqual([{ kind: "project", project: frozen }]);
});

test("the growing age of what is known is no change, its loss is one", async () => {
  const { daemon, news } = board();
  await news();
  daemon.world = [aProject("web", { heardAgoMs: 4_000 })];
  expect(await news()).toEqual([]);
  daemon.world = [aProject("web", { heardAgoMs: null })];
  expect(kinds(await news())).toEqual(["project"]);
});

test("a project that was removed is named as gone", async () => {
  const { daemon, news } = board();
  daemon.world = [aProject("api"), aProject("web")];
  await news();
  daemon.world = [aProject("api")];
  expect(await news()).toEqual([{ kind: "gone", name: "web" }]);
});

test("while the daemon does not lead its readiness is told and no project is taken back", async () => {
  const { daemon, news } = board();
  await news();
  const standby = { ...READY, role: "standby" as const, ready: false };
  daemon.ready = () => standby;
  daemon.host = () => {
    throw new BerthError("conflict", { code: "loop.not-leader", detail: "it is a standby" });
  };
  expect(await news()).toEqual([{ kind: "ready", ready: standby }]);
});

test("many readers are served by one look", async () => {
  let looks = 0;
  const world: readonly ProjectView[] = [aProject("web")];
  const daemon = fakeDaemon({
    projects: () => {
      looks += 1;
      return world;
    },
  });
  const made = new LiveBoard(daemon, () => 0);
  await Promise.all(Array.from({ length: 50 }, () => made.look()));
  expect(looks).toBe(1);
});

test("the stream sends the state, says when it is whole, and every item is as its schema says", async () => {
  await using server = await startServer(fakeDaemon());
  const response = await server.open({ path: "/api/v1/live?after=1", headers: SSE });
  let text = "";
  response.on("data", (chunk: Buffer) => (text += chunk.toString()));
  response.on("error", () => undefined);
  await until(() => text.includes('"kind":"event"'), 4_000);
  response.destroy();
  const items = [...text.matchAll(/^data: (.+)$/gm)].map(([, json = ""]) =>
    liveItem.parse(JSON.parse(json)),
  );
  expect(kinds(items).slice(0, 6)).toEqual([
    "caller",
    "ready",
    "host",
    "queue",
    "project",
    "settled",
  ]);
  expect(items[0]).toEqual({
    kind: "caller",
    caller: { who: "local", scope: "admin", project: null },
  });
  expect(text).toContain(
    `id: 2\ndata: ${JSON.stringify({ kind: "event", event: anEvent(2) })}\n\n`,
  );
});

test("events that cannot be read do not end the stream, and are asked for again after the last one", async () => {
  const asked: (number | null)[] = [];
  const follow = (query: Readonly<{ after: number | null }>): AsyncIterable<EventRecord> => {
    asked.push(query.after);
    return asked.length === 1 ? failing() : lines([anEvent(8)]);
  };
  await using server = await startServer(fakeDaemon({ follow }), { eventsAgainMs: 1 });
  const response = await server.open({ path: "/api/v1/live?after=6", headers: SSE });
  let text = "";
  response.on("data", (chunk: Buffer) => (text += chunk.toString()));
  response.on("error", () => undefined);
  await until(() => text.includes("id: 8\n"), 4_500);
  response.destroy();
  expect(asked.slice(0, 2)).toEqual([6, 7]);
  expect(text).toContain("id: 7\n");
  expect(text).not.toContain("event: problem");
});

async function* failing(): AsyncGenerator<EventRecord> {
  yield anEvent(7);
  throw new BerthError("transient", { code: "postgres.unreachable", detail: "no answer" });
}

test("the stream of one project shows no other, and of an unknown one there is none", async () => {
  const { daemon, news } = board();
  daemon.world = [aProject("api"), aProject("web")];
  expect(
    (await news("web")).flatMap((item) => (item.kind === "project" ? item.project.name : [])),
  ).toEqual(["web"]);
  await using server = await startServer(fakeDaemon());
  const answer = await server.ask({ path: "/api/v1/live?project=none", headers: SSE });
  expect(answer.status).toBe(404);
});
