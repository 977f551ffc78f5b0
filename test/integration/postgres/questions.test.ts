/** Questions: recorded once with the journal, answered once, delivered once, withdrawn with their runs. */
import { expect, test } from "vitest";
import type { QuestionRecord, QuestionState } from "../../../src/model/question.ts";
import type { JournalBody, JournalEvent } from "../../../src/model/run.ts";
import { projectSpec } from "../../support/declarations.ts";
import { database, door, epoch, leadOwnDatabase, startWith } from "./leader.ts";
import { exited, journal, LOCAL, moveOf, refusalOf, started, wantOf } from "./requests.ts";

leadOwnDatabase();
startWith(
  "generation, project, subnet, run, event, audit, answer, question restart identity",
  projectSpec("web"),
  projectSpec("api"),
);

const ingest = (events: readonly JournalEvent[], project = "web"): Promise<number> =>
  door.ingest({ epoch, project, generation: 1, events });
const who = { agent: "worker", replica: 0 };
const asked = (
  run: string,
  question: string,
  changes: Partial<Extract<JournalBody, { kind: "asked" }>> = {},
): JournalBody => ({
  kind: "asked",
  run,
  ...who,
  question,
  text: `what of ${question}?`,
  choices: [],
  waits: true,
  ...changes,
});
const list = (
  states: readonly QuestionState[] = [],
  project: string | null = null,
): Promise<readonly QuestionRecord[]> =>
  door.questions.list({ project, agent: null, task: null, states, after: null, limit: 100 });
const answer = (id: string, text: string, idempotencyKey: string | null = null) =>
  door.questions.answer({ epoch, id, text, by: LOCAL, idempotencyKey });
const events = async (): Promise<readonly string[]> =>
  (await door.events({ after: null, project: null, kinds: [], limit: 100, newestFirst: false }))
    .filter(({ kind }) => kind.startsWith("question."))
    .map(({ kind, message }) => `${kind} ${message}`);

test("a question is there with everything once, however often the journal tells it", async () => {
  const told = journal(
    1,
    started("r1"),
    asked("r1", "k1", { task: "41", choices: ["yes", 'n"o, {x}'], text: "Deploy\nnow? \u00fc" }),
  );
  await ingest(told);
  await ingest(told);
  expect(await list()).toEqual([
    {
      id: "1",
      project: "web",
      ...who,
      run: "r1",
      task: "41",
      key: "k1",
      text: "Deploy\nnow? \u00fc",
      choices: ["yes", 'n"o, {x}'],
      waits: true,
      state: "open",
      askedAt: 1_002_000,
      answer: null,
      answeredAt: null,
      answeredBy: null,
      deliveredAt: null,
      withdrawnAt: null,
      withdrawnReason: null,
    },
  ]);
  expect(await events()).toEqual(["question.asked worker#0 asks: Deploy now? \u00fc"]);
});

test("what an agent can say but no database keep holds up no journal", async () => {
  await ingest(journal(1, asked("r1", "k", { text: "a\0b\ud800", choices: ["\0"], task: "x" })));
  expect(await list()).toMatchObject([{ text: "a\uFFFDb\uFFFD", choices: ["\uFFFD"], task: null }]);
});

test("an answer is durable, pending until its run has it, and told in audit and events but not what it says", async () => {
  await ingest(journal(1, asked("r1", "k1")));
  expect(await answer("1", "top secret")).toMatchObject({
    state: "answered",
    answer: "top secret",
    answeredBy: "ada",
    deliveredAt: null,
  });
  expect(await door.questions.pending(10)).toMatchObject([{ id: "1", state: "answered" }]);
  await ingest(journal(2, { kind: "answered", run: "r1", ...who, question: "k1" }));
  expect(await door.questions.pending(10)).toEqual([]);
  expect(await door.questions.get("1")).toMatchObject({ deliveredAt: 1_002_000 });
  const [row] = await door.audit({ project: "web", since: null, before: null, limit: 10 });
  expect(row).toMatchObject({ action: "question.answer", by: LOCAL });
  expect(row?.detail).toBe("ada answered question 1 of worker#0");
  expect((await events()).join()).not.toContain("secret");
  // What became of the run changes nothing any more.
  await ingest(journal(3, exited("r1")));
  expect(await door.questions.get("1")).toMatchObject({ state: "answered", withdrawnAt: null });
});

test("a question is answered once: whoever comes second is refused, the same request again is not", async () => {
  await ingest(journal(1, asked("r1", "k1"), asked("r1", "k2")));
  const racing = await Promise.all(
    ["a", "b", "c", "d"].map((text) => refusalOf(answer("1", text))),
  );
  expect(racing.filter((each) => each === "conflict postgres.question-closed")).toHaveLength(3);
  const first = await answer("2", "yes", "key-1");
  expect(await answer("2", "yes", "key-1")).toEqual(first);
  expect(await refusalOf(answer("2", "no", "key-1"))).toBe("conflict postgres.idempotency-reused");
  expect(await refusalOf(answer("2", "yes", "key-2"))).toBe("conflict postgres.question-closed");
  await expect(database.sql("update question set answer = 'other' where id = 2")).rejects.toThrow(
    /written once/,
  );
});

test("what cannot be the answer is refused, and so are unknown questions and daemons that were replaced", async () => {
  await ingest(journal(1, asked("r1", "k1", { choices: ["yes", "no"] }), asked("r1", "k2")));
  expect(await refusalOf(answer("1", "maybe"))).toBe("usage question.answer-not-offered");
  expect(await refusalOf(answer("2", ""))).toBe("usage question.answer-invalid");
  expect(await refusalOf(answer("2", "\0"))).toBe("usage question.answer-invalid");
  expect(await refusalOf(answer("2", "\u00fc".repeat(32_769)))).toBe(
    "usage question.answer-too-large",
  );
  for (const id of ["99", "x", "1; drop table question", "-1"])
    expect(await refusalOf(answer(id, "yes"))).toBe("usage postgres.question-unknown");
  const stale = { epoch: epoch - 1, id: "1", text: "yes", by: LOCAL, idempotencyKey: null };
  expect(await refusalOf(door.questions.answer(stale))).toBe("conflict postgres.epoch-stale");
  expect(await list(["open"])).toHaveLength(2);
  expect(await answer("2", "\u00fc".repeat(32_768))).toMatchObject({ state: "answered" });
});

test.each<[string, JournalBody]>([
  ["ends", exited("r1")],
  ["is lost", { kind: "lost", run: "r1", ...who, reason: "container died" }],
])("when a run %s its questions are withdrawn, and nobody else's", async (_how, end) => {
  await ingest(journal(1, asked("r1", "k1"), asked("r2", "k1"), asked("r1", "k2")));
  await ingest(journal(1, asked("r1", "k1")), "api");
  await answer("1", "nobody will read this");
  await ingest(journal(4, end));
  expect(await door.questions.get("1")).toMatchObject({
    state: "answered",
    deliveredAt: null,
    withdrawnReason: "its run ended",
  });
  expect(await list(["withdrawn"])).toMatchObject([{ id: "3", run: "r1", key: "k2" }]);
  expect((await list(["open"])).map(({ id }) => id)).toEqual(["4", "2"]);
  expect((await door.questions.pending(10)).map(({ id }) => id)).toEqual(["2", "4"]);
  expect((await events()).filter((text) => text.startsWith("question.withdrawn"))).toEqual([
    "question.withdrawn question 3 of worker#0 is withdrawn: its run ended",
  ]);
  expect(await refusalOf(answer("3", "yes"))).toBe("conflict postgres.question-closed");
});

test("an asker takes its question back; asked and taken back in one stretch is withdrawn too", async () => {
  const back = {
    kind: "withdrawn",
    run: "r1",
    ...who,
    reason: "its asker no longer waits",
  } as const;
  await ingest(journal(1, asked("r1", "k1"), asked("r1", "k2"), { ...back, question: "k2" }));
  expect(await list(["withdrawn"])).toMatchObject([{ key: "k2", withdrawnReason: back.reason }]);
  await answer("1", "yes");
  await ingest(journal(4, { ...back, question: "k1" }));
  expect(await door.questions.get("1")).toMatchObject({ state: "answered", deliveredAt: null });
  expect(await door.questions.pending(10)).toEqual([]);
});

test("runs that nobody can tell the end of, and removed projects, leave no question open", async () => {
  await ingest(journal(1, started("r1"), asked("r1", "k1")));
  await ingest(journal(1, started("r1"), asked("r1", "k1")), "api");
  await door.loseRuns({ epoch, project: "web", reason: "container gone", boot: null });
  expect(await door.questions.get("1")).toMatchObject({
    state: "withdrawn",
    withdrawnReason: "its run is lost: container gone",
  });
  await door.intend(wantOf(epoch, "api", "removed"));
  const [row] = (await door.projects()).filter(({ name }) => name === "api");
  expect(
    await door.settlePhase(
      moveOf({ epoch, project: "api", from: row?.phase ?? "active", to: "removed" }),
    ),
  ).toBe(true);
  expect(await door.questions.get("2")).toMatchObject({ withdrawnReason: "project removed" });
  expect(await door.questions.pending(10)).toEqual([]);
});

test("lists are filtered, newest first, and go on after an id", async () => {
  await ingest(
    journal(
      1,
      asked("r1", "k1", { task: "7" }),
      asked("r1", "k2"),
      asked("r2", "k1", { agent: "coder" }),
    ),
  );
  await ingest(journal(1, asked("r1", "k1")), "api");
  const base = { project: null, agent: null, task: null, states: [], after: null, limit: 100 };
  const ids = async (changes: Partial<Parameters<typeof door.questions.list>[0]>) =>
    (await door.questions.list({ ...base, ...changes })).map(({ id }) => id);
  expect(await ids({})).toEqual(["4", "3", "2", "1"]);
  expect(await ids({ project: "web", limit: 2 })).toEqual(["3", "2"]);
  expect(await ids({ after: "3", limit: 1 })).toEqual(["2"]);
  expect(await ids({ agent: "coder" })).toEqual(["3"]);
  expect(await ids({ task: "7" })).toEqual(["1"]);
  expect(await ids({ task: "r1" })).toEqual([]);
});

test("retention forgets what is done with, and nothing that waits", async () => {
  await ingest(journal(1, asked("r1", "k1"), asked("r2", "k2"), exited("r2")));
  await database.sql("update question set asked_at = now() - interval '40 days'");
  const gone = await door.enforceRetention({
    epoch,
    runsDays: 30,
    eventsDays: 14,
    stepsDays: 14,
    auditDays: 365,
    generationsKept: 100,
  });
  expect(gone["question"]).toBe(1);
  expect((await list()).map(({ id }) => id)).toEqual(["1"]);
});
