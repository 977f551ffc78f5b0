/** The client: what it sends, and what errors become. */
import { expect, test } from "vitest";
import { collect } from "../../support/collect.ts";
import { makeClient } from "../../../src/client/client.ts";
import type { TransportRequest, TransportResponse } from "../../../src/client/transport.ts";

interface Answering {
  readonly status?: number;
  readonly text: string;
}

function clientOf(answer: Answering, signal = new AbortController().signal) {
  const sent: TransportRequest[] = [];
  const transport = (request: TransportRequest): Promise<TransportResponse> => {
    sent.push(request);
    async function* body(): AsyncGenerator<Uint8Array> {
      yield new TextEncoder().encode(answer.text);
    }
    return Promise.resolve({ status: answer.status ?? 200, headers: {}, body: body() });
  };
  const identity = { user: "änn", reason: null };
  return { sent, client: makeClient({ transport, identity, signal, newKey: () => "key-1" }) };
}

test("writes carry a key and who asks, reads carry neither body nor key", async () => {
  const { client, sent } = clientOf({ text: "{}" });
  await client.steer({ project: "web", agent: "a/b", verb: "scale", body: { replicas: 2 } });
  await client.project("web");
  expect(sent[0]).toMatchObject({
    method: "POST",
    path: "/api/v1/projects/web/agents/a%2Fb/scale",
    body: '{"replicas":2}',
    headers: {
      "idempotency-key": "key-1",
      "content-type": "application/json",
      "x-berth-user": "%C3%A4nn",
    },
  });
  expect(sent[1]).toMatchObject({ method: "GET", body: null });
  expect(Object.keys(sent[1]?.headers ?? {}).toSorted()).toEqual(["accept", "x-berth-user"]);
});

test("queries repeat what is a list and leave out what is absent", async () => {
  const { client, sent } = clientOf({ text: "" });
  await collect(client.logs({ project: ["web", "api"], tail: 3, agent: undefined }));
  expect(sent[0]?.path).toBe("/api/v1/logs?project=web&project=api&tail=3");
});

test("a problem becomes the error it was, with all its parts", async () => {
  const problem = {
    type: "urn:berth:problem:capacity",
    title: "t",
    status: 429,
    code: "loop.full",
    detail: "no room",
    hint: "wait",
    problems: [{ code: "a.b", message: "m" }],
  };
  const { client } = clientOf({ status: 429, text: JSON.stringify(problem) });
  await expect(client.projects()).rejects.toMatchObject({
    kind: "capacity",
    code: "loop.full",
    message: "no room",
    hint: "wait",
    problems: [{ code: "a.b", message: "m" }],
  });
});

test("an answer that is not ours is a defect that shows its beginning", async () => {
  for (const text of ["<html>busy</html>", "null", '{"type":"urn:other:x"}'])
    await expect(clientOf({ status: 502, text }).client.projects()).rejects.toMatchObject({
      kind: "defect",
      code: "client.answer-unknown",
    });
});

test("a problem inside a stream ends it as an error", async () => {
  const problem = {
    type: "urn:berth:problem:transient",
    title: "",
    status: 503,
    code: "runners.gone",
    detail: "gone",
  };
  const logs = clientOf({ text: `${JSON.stringify({ problem })}\n` }).client.logs({});
  await expect(collect(logs)).rejects.toMatchObject({
    kind: "transient",
    code: "runners.gone",
  });
  const events = clientOf({
    text: `event: problem\ndata: ${JSON.stringify(problem)}\n\n`,
  }).client.follow({});
  await expect(collect(events)).rejects.toMatchObject({ kind: "transient" });
});

test("readiness is read whether ready or not", async () => {
  const { client } = clientOf({ status: 503, text: '{"ready":false}' });
  expect(await client.ready()).toEqual({ ready: false });
});
