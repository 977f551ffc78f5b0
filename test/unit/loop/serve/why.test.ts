/** Why in a sentence: what ended the task comes first, and an attempt is never blamed for what came after it. */
import { expect, test } from "vitest";
import { explainSubject } from "../../../../src/loop/serve/explain.ts";
import { whyOf } from "../../../../src/loop/serve/why.ts";
import type { EventRecord } from "../../../../src/model/event.ts";
import type { RunWithMemory } from "../../../../src/model/run.ts";
import type { TaskRecord } from "../../../../src/model/task.ts";
import { agentSpec, projectSpec } from "../../../support/declarations.ts";
import { deskState } from "../../../support/desk-state.ts";
import { aRun } from "../../../support/fake-daemon.ts";
import { aTask } from "../../../support/fake-tasks.ts";

const NOW = 1_800_000_000_000;
const WEB = projectSpec("web", { agents: { beat: agentSpec("beat") } });

const sentenceOf = async (
  task: Partial<TaskRecord>,
  run: Partial<RunWithMemory>,
): Promise<string> => {
  const tasks = [aTask("7", { run: "r-1", ...task })];
  const runs = [{ ...aRun("r-1"), memory: null, ...run }];
  return (await whyOf("7", deskState({ projects: [WEB], now: NOW, tasks, runs }).state)).text;
};
const failed = { outcome: "failed", exitCode: 7, signal: null, oom: false, endedAt: NOW } as const;

test.each([
  [
    { state: "dead", reason: "attempt 2 of 2 failed: exit code 7" },
    "it exited with 7: attempt 2 of 2 failed: exit code 7",
  ],
  [
    { state: "pending", reason: "attempt 1 of 2 failed" },
    "it is pending: attempt 1 of 2 failed; its last attempt: it exited with 7",
  ],
  [
    { state: "timed-out", reason: "deadline passed while it waited" },
    "it is timed-out: deadline passed while it waited; its last attempt: it exited with 7",
  ],
  [
    { state: "cancelled", reason: "cancelled by ann" },
    "it is cancelled: cancelled by ann; its last attempt: it exited with 7",
  ],
] as const)("%o", async (task, text) => {
  expect(await sentenceOf(task, failed)).toBe(text);
});

test("what a timeout or a cancellation killed says so first", async () => {
  const killed = { ...failed, outcome: "killed", exitCode: null, signal: "SIGKILL" } as const;
  expect(await sentenceOf({ state: "timed-out", reason: "ran longer than 1s" }, killed)).toBe(
    "it was killed by SIGKILL: ran longer than 1s",
  );
});

test("a decision about the container is a sentence", async () => {
  const event: EventRecord = {
    id: 1,
    at: NOW,
    project: "web",
    kind: "container.frozen",
    cause: "daemon",
    message: "container:web: idle since 2026-11-23T05:16:45Z",
    fields: { cause: "idle since 2026-11-23T05:16:45Z" },
  };
  const { decisions } = await explainSubject(
    "web",
    deskState({ projects: [WEB], now: NOW, events: [event] }).state,
  );
  expect(decisions).toMatchObject([
    { agent: "", text: "container frozen: idle since 2026-11-23T05:16:45Z" },
  ]);
});

test("a note is told in its own words: whose it is the reader knows", async () => {
  const of = { project: "web", cause: "runner", at: NOW, fields: { run: "r-1" } } as const;
  const events: readonly EventRecord[] = [
    {
      ...of,
      id: 2,
      kind: "task.note",
      message: "task 7 of beat: half way",
      fields: { run: "r-1", text: "half way" },
    },
    { ...of, id: 1, kind: "task.note", message: "as recorded before" },
  ];
  const tasks = [aTask("7", { run: "r-1" })];
  const runs = [{ ...aRun("r-1"), memory: null, ...failed }];
  const { notes } = await whyOf(
    "7",
    deskState({ projects: [WEB], now: NOW, tasks, runs, events }).state,
  );
  expect(notes.map(({ text }) => text)).toEqual(["as recorded before", "half way"]);
});
