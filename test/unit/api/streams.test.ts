/** Streams of events and logs: resumed, merged, kept alive, bounded, and over when their reader is gone. */
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import { BerthError } from "../../../src/base/errors.ts";
import type { EventRecord } from "../../../src/model/event.ts";
import type { OutputLine } from "../../../src/runners/door.ts";
import { outputLine } from "../../../src/schema/api-record.ts";
import { startServer, until } from "../../support/api-server.ts";
import { aLine, anEvent, aProject, fakeDaemon, lines } from "../../support/fake-daemon.ts";

const SSE = { accept: "text/event-stream" };

/** Resolves when the signal aborts. */
const over = (signal: AbortSignal): Promise<unknown> =>
  signal.aborted ? Promise.resolve() : once(signal, "abort");

/** A source that never says anything, until it is ended. */
function silence(
  signal: AbortSignal,
  onEnd: () => void = () => undefined,
): AsyncIterable<EventRecord> {
  const next = async () => {
    await over(signal);
    onEnd();
    return { done: true as const, value: undefined };
  };
  return { [Symbol.asyncIterator]: () => ({ next }) };
}
const silent = (_query: unknown, signal: AbortSignal) => silence(signal);

function textOf(response: IncomingMessage): { now: string } {
  const text = { now: "" };
  response.on("data", (chunk: Buffer) => (text.now += chunk.toString()));
  response.on("error", () => undefined);
  return text;
}

test("the event stream goes on after Last-Event-ID and ends with its source", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const answer = await server.ask({
    path: "/api/v1/events?project=web",
    headers: { ...SSE, "last-event-id": "41" },
  });
  expect(answer.headers["content-type"]).toBe("text/event-stream");
  expect(answer.text).toContain(`id: 2\ndata: ${JSON.stringify(anEvent(2))}\n\n`);
  expect(daemon.asked).toEqual([["follow", { after: 41, project: "web" }]]);
});

test("who says where to resume gets the stream, unless only a list is acceptable", async () => {
  await using server = await startServer(fakeDaemon());
  const typeOf = async (headers: Record<string, string>) =>
    (await server.ask({ path: "/api/v1/events", headers })).headers["content-type"];
  expect(await typeOf({ "last-event-id": "41" })).toBe("text/event-stream");
  expect(await typeOf({ "last-event-id": "41", accept: "*/*" })).toBe("text/event-stream");
  expect(await typeOf({ "last-event-id": "41", accept: "application/json" })).toBe(
    "application/json",
  );
  expect(await typeOf({ accept: "*/*" })).toBe("application/json");
});

test("an id that is not one is refused before the stream begins", async () => {
  await using server = await startServer(fakeDaemon());
  const answer = await server.ask({
    path: "/api/v1/events",
    headers: { ...SSE, "last-event-id": "x" },
  });
  expect(answer.json()).toMatchObject({ status: 400, code: "api.event-id-invalid" });
});

test("the event stream shows only the kinds asked for", async () => {
  const events = [
    anEvent(1),
    anEvent(2, { kind: "agent.exited" }),
    anEvent(3, { kind: "drift.found" }),
  ];
  await using server = await startServer(fakeDaemon({ follow: () => lines(events) }));
  const answer = await server.ask({
    path: "/api/v1/events?kind=agent.exited&kind=drift.found",
    headers: SSE,
  });
  expect([...answer.text.matchAll(/^id: (\d+)$/gm)].map((match) => match[1])).toEqual(["2", "3"]);
});

test("a silent stream says that it is alive", async () => {
  await using server = await startServer(fakeDaemon({ follow: silent }), { heartbeatMs: 20 });
  const response = await server.open({ path: "/api/v1/events", headers: SSE });
  const text = textOf(response);
  await until(() => text.now.split(": alive").length > 2);
  expect(text.now).not.toContain("data:");
  response.destroy();
});

test("a reader that vanishes ends its source and frees its place", async () => {
  let ended = 0;
  const follow = (_query: unknown, signal: AbortSignal) => silence(signal, () => (ended += 1));
  await using server = await startServer(fakeDaemon({ follow }), { streamReaders: 1 });
  const first = await server.open({ path: "/api/v1/events", headers: SSE });
  const second = await server.ask({ path: "/api/v1/events", headers: SSE });
  expect(second.json()).toMatchObject({ status: 429, code: "api.streams-full" });
  first.on("error", () => undefined);
  first.destroy();
  await until(() => ended === 1);
  const third = await server.open({ path: "/api/v1/events", headers: SSE });
  expect(third.statusCode).toBe(200);
  third.on("error", () => undefined);
  third.destroy();
});

test("a reader that does not read stops the source instead of filling memory", async () => {
  let made = 0;
  async function* endless(_query: unknown, signal: AbortSignal): AsyncGenerator<OutputLine> {
    while (!signal.aborted) {
      made += 1;
      yield aLine(made, "x".repeat(1_000));
      if (made % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }
  await using server = await startServer(fakeDaemon({ output: endless }), {
    streamBufferBytes: 65_536,
  });
  const response = await server.open({ path: "/api/v1/logs?follow=true" });
  response.pause();
  let before = -1;
  await until(async () => {
    const still = made === before && made > 0;
    before = made;
    await new Promise((resolve) => setTimeout(resolve, 50));
    return still;
  });
  // our buffer, plus what kernel and both ends of the socket hold
  expect(made).toBeLessThan(5_000);
  response.on("error", () => undefined);
  response.destroy();
});

test("logs of many projects come in time order, as NDJSON that names the project", async () => {
  const daemon = fakeDaemon({
    output: ({ project }) =>
      lines(project === "web" ? [aLine(1, "a"), aLine(4, "d")] : [aLine(2, "b"), aLine(3, "c")]),
  });
  daemon.world = [aProject("web"), aProject("api")];
  await using server = await startServer(daemon);
  const answer = await server.ask({ path: "/api/v1/logs?project=web&project=api&tail=10" });
  expect(answer.headers["content-type"]).toBe("application/x-ndjson");
  const seen = answer.text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => outputLine.parse(JSON.parse(line)));
  expect(seen.map((line) => `${line.project} ${line.text}`)).toEqual([
    "web a",
    "api b",
    "api c",
    "web d",
  ]);
});

test("a followed project that is silent does not hold the others back", async () => {
  const daemon = fakeDaemon({
    async *output({ project }, signal) {
      if (project === "web") for (let at = 1; at <= 200; at += 1) yield aLine(at, `line ${at}`);
      await over(signal);
    },
  });
  daemon.world = [aProject("web"), aProject("api")];
  await using server = await startServer(daemon);
  const response = await server.open({ path: "/api/v1/logs?follow=true" });
  const text = textOf(response);
  await until(() => text.now.includes("line 200"));
  expect(text.now).not.toContain("api");
  response.destroy();
});

test("logs pass their filters on, and unknown projects are 404", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  await server.ask({ path: "/api/v1/logs?project=web&agent=coder&since=5&until=9&previous=true" });
  const filters = {
    agent: "coder",
    run: null,
    since: 5,
    until: 9,
    tail: null,
    previous: true,
    follow: false,
  };
  expect(daemon.asked).toEqual([["output", { project: "web", ...filters }]]);
  expect((await server.ask({ path: "/api/v1/logs?project=nobody" })).status).toBe(404);
});

test("a source that fails midway ends the stream with the problem", async () => {
  const daemon = fakeDaemon({
    async *output() {
      yield aLine(1, "first");
      throw new BerthError("transient", { code: "runners.gone", detail: "the runner is gone" });
    },
  });
  await using server = await startServer(daemon);
  const answer = await server.ask({ path: "/api/v1/logs" });
  const last = answer.text.trim().split("\n").at(-1) ?? "";
  expect(answer.text).toContain("first");
  expect(JSON.parse(last)).toMatchObject({ problem: { status: 503, code: "runners.gone" } });
});

test("closing the server ends its streams", async () => {
  const server = await startServer(fakeDaemon({ follow: silent }));
  const response = await server.open({ path: "/api/v1/events", headers: SSE });
  textOf(response);
  const end = once(response, "end");
  await server[Symbol.asyncDispose]();
  await end;
  expect(response.complete).toBe(true);
});
