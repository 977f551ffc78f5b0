/** Routes of questions: what reaches the daemon, what is refused before it, and how each answer looks. */
import { expect, test } from "vitest";
import { BerthError } from "../../../src/base/errors.ts";
import { questionPage, questionView } from "../../../src/schema/api-question.ts";
import { startServer } from "../../support/api-server.ts";
import { fakeDaemon } from "../../support/fake-daemon.ts";

const NOBODY = { who: "local", claim: null, reason: null };

test("a list comes in pages with filters, one question by its id", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const path = "/api/v1/questions?project=web&agent=coder&task=4&state=open&state=answered&limit=2";
  const answer = await server.ask({ path });
  const page = questionPage.parse(answer.json());
  expect([page.items.map(({ id }) => id), page.next]).toEqual([["9", "8"], "8"]);
  expect(daemon.asked.at(-1)).toEqual([
    "questions",
    {
      project: "web",
      agent: "coder",
      task: "4",
      states: ["open", "answered"],
      after: null,
      limit: 3,
    },
  ]);
  const one = await server.ask({ path: "/api/v1/questions/7" });
  expect(questionView.parse(one.json()).text).toBe("Deploy now?");
  expect((await server.ask({ path: "/api/v1/questions/99" })).status).toBe(404);
  expect((await server.ask({ path: "/api/v1/questions?state=asked" })).status).toBe(400);
});

const reply = (body: unknown, headers: Readonly<Record<string, string>> = {}) => ({
  path: "/api/v1/questions/7/answer",
  headers,
  body,
});

test("an answer reaches the daemon with its key and whoever gives it", async () => {
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const answer = await server.ask(reply({ text: "yes" }, { "idempotency-key": "k" }));
  expect([answer.status, questionView.parse(answer.json()).answer]).toEqual([200, "yes"]);
  expect(daemon.asked.at(-1)).toEqual([
    "answerQuestion",
    { id: "7", text: "yes", by: NOBODY, idempotencyKey: "k" },
  ]);
});

test("nothing, too much, or more than a text is refused; one that came too late is a conflict", async () => {
  const daemon = fakeDaemon({
    answerQuestion: async () => {
      throw new BerthError("conflict", {
        code: "postgres.question-closed",
        detail: "question 7 is no longer open",
      });
    },
  });
  await using server = await startServer(daemon);
  for (const body of [
    {},
    { text: "" },
    { text: 1 },
    { text: "x".repeat(65_537) },
    { text: "a", b: 1 },
  ])
    expect((await server.ask(reply(body))).status).toBe(400);
  const late = await server.ask(reply({ text: "yes" }));
  expect([late.status, late.json()]).toMatchObject([409, { code: "postgres.question-closed" }]);
});
