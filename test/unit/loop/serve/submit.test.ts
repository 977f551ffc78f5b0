/** Submissions that are refused: with the verb that helps, and never what was queued before under the same key. */
import { expect, test } from "vitest";
import { serveTasks } from "../../../../src/loop/serve/tasks.ts";
import type { TaskRequest } from "../../../../src/model/task.ts";
import { agentSpec, projectSpec } from "../../../support/declarations.ts";
import { deskState } from "../../../support/desk-state.ts";
import { aTask } from "../../../support/fake-tasks.ts";
import { SILENT } from "../../../support/submit-row.ts";

const NOW = 1_800_000_000_000;
const BY = { who: "local", claim: "ann", reason: null };
const task = { min: 0, max: 3, timeoutMs: 1_000, retries: { max: 0, backoffMs: 0 } };
const WEB = projectSpec("web", { agents: { coder: agentSpec("coder", { replicas: 0, task }) } });
const asked = (changes: Partial<TaskRequest> = {}): TaskRequest => ({
  project: "web",
  agent: "coder",
  ...SILENT,
  idempotencyKey: null,
  ...changes,
});
const LATE = { deadlineAt: NOW - 1 };

test("a completed project refuses work and names the verb; what it took before is told again", async () => {
  const { change, state } = deskState({ projects: [WEB], now: NOW, tasks: [aTask("7")] });
  change("web", { wanted: "completed", phase: "completed" });
  const answers = await serveTasks(state).submitTasks(
    [asked(), asked({ idempotencyKey: "7" }), asked({ idempotencyKey: "new" })],
    BY,
  );
  const refused = {
    ok: false,
    kind: "conflict",
    code: "task.project-completed",
    hint: "`berth start web` runs it again",
  };
  expect(answers).toMatchObject([refused, { ok: true, fresh: false, task: { id: "7" } }, refused]);
});

test("a deadline that has passed refuses new work, not the repeat of what was queued in time", async () => {
  const { state } = deskState({ projects: [WEB], now: NOW, tasks: [aTask("7")] });
  const answers = await serveTasks(state).submitTasks(
    [asked(LATE), asked({ ...LATE, idempotencyKey: "7" }), asked({ ...LATE, agent: "nobody" })],
    BY,
  );
  expect(answers).toMatchObject([
    { ok: false, kind: "usage", code: "task.deadline-past" },
    { ok: true, fresh: false, task: { id: "7" } },
    { ok: false, code: "task.agent-unknown" },
  ]);
});
