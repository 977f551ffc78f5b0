/** A pass that finds the records elsewhere than it remembers reads them anew, once, instead of asking for the same move for ever. */
import { expect, test, vi } from "vitest";
import { BerthError } from "../../../src/base/errors.ts";
import { projectPass } from "../../../src/loop/pass.ts";
import { intend } from "../../../src/loop/serve/intents.ts";
import type { Session } from "../../../src/loop/session.ts";
import type { DaemonState } from "../../../src/loop/state.ts";
import type { ProjectRow } from "../../../src/postgres/door.ts";
import { completing } from "../../support/completing.ts";

interface Stage {
  readonly session: Session;
  readonly remembered: ProjectRow;
  readonly triggered: string[];
  readonly forgotten: string[];
}

/** A project remembered as being completed, while its row is what `recorded` makes of that. */
function stage(recorded: (row: ProjectRow) => readonly ProjectRow[] | Error): Stage {
  const triggered: string[] = [];
  const forgotten: string[] = [];
  const { session, remembered } = completing({
    mark: () => 1,
    postgres: {
      settlePhase: async () => false,
      settleSteps: async () => undefined,
      projects: async () => {
        const rows = recorded(remembered);
        if (rows instanceof Error) throw rows;
        return rows;
      },
    },
    more: {
      metrics: {
        pass: () => undefined,
        forget: (project: string) => void forgotten.push(project),
      },
      trigger: (_project: string, reason: string) => void triggered.push(reason),
    },
  });
  return { session, remembered, triggered, forgotten };
}

test("the recorded row takes the remembered one's place before the next pass", async () => {
  const { session, triggered } = stage((row) => [
    { ...row, wanted: "active", phase: "activating" },
  ]);
  await projectPass("web", ["intent"], session);
  await vi.waitFor(() => expect(triggered).toEqual(["recorded otherwise"]));
  expect(session.world.records.get("web")).toMatchObject({ wanted: "active", phase: "activating" });
});

test("one that is recorded no longer is forgotten", async () => {
  const { session, forgotten, triggered } = stage(() => []);
  await projectPass("web", ["intent"], session);
  await vi.waitFor(() => expect(triggered).toEqual(["recorded otherwise"]));
  expect([session.world.records.has("web"), forgotten]).toEqual([false, ["web"]]);
});

test("records that cannot be read are asked for again after a while, not at once", async () => {
  const { session, triggered } = stage(() => new Error("the connection is gone"));
  await projectPass("web", ["intent"], session);
  await vi.waitFor(() => expect(triggered).toEqual(["retry after defect"]));
});

test("what became known meanwhile is newer than what was read", async () => {
  const { session, remembered, triggered } = stage((row) => {
    session.world.records.set("web", { ...row, wanted: "removed", phase: "removing" });
    return [row];
  });
  await projectPass("web", ["intent"], session);
  await vi.waitFor(() => expect(session.world.records.get("web")).not.toBe(remembered));
  expect(session.world.records.get("web")?.wanted).toBe("removed");
  expect(triggered).toEqual(["recorded otherwise"]);
});

/** `restart`, which the records answer with an error. */
function restart(session: Session, error: BerthError): Promise<unknown> {
  Object.assign(session.doors.postgres, { intend: () => Promise.reject(error) });
  const by = { who: "local", claim: null, reason: null };
  const ask = { project: "web", by, idempotencyKey: null };
  return intend(ask, { kind: "restart", agent: null }, { session } as DaemonState);
}

test("what was asked and not answered is read from the records, as soon as they can be read", async () => {
  let away = true;
  const { session, remembered, triggered } = stage((row) =>
    away ? new Error("the connection is gone") : [{ ...row, restartSerials: { "": 1 } }],
  );
  // As it is remembered there is nothing to do for it.
  session.world.records.set("web", { ...remembered, phase: "completed" });
  const lost = new BerthError("transient", { code: "postgres.timeout", detail: "no answer" });
  await expect(restart(session, lost)).rejects.toThrow("no answer");
  await vi.waitFor(() => expect(triggered).toEqual(["retry after defect"]));
  away = false;
  await projectPass("web", ["retry after defect"], session);
  expect(session.world.records.get("web")?.restartSerials).toEqual({ "": 1 });
  expect(triggered).toEqual(["retry after defect", "recorded otherwise"]);
  expect(session.world.doubted.size).toBe(0);
});

test("what was refused is not doubted", async () => {
  const { session } = stage(() => new Error("nobody asks"));
  const refusal = new BerthError("usage", { code: "postgres.agent-unknown", detail: "no agent" });
  await expect(restart(session, refusal)).rejects.toThrow("no agent");
  expect(session.world.doubted.size).toBe(0);
});
