/** Intents and the lifecycle: what an operator may wish, what the database refuses whoever asks. */
import { expect, test } from "vitest";
import { PHASES, TRANSITIONS } from "../../../src/model/lifecycle.ts";
import type { ProjectRow } from "../../../src/postgres/door.ts";
import { agentSpec, declarationOf, projectSpec } from "../../support/declarations.ts";
import { database, door, epoch, leadAgain, leadOwnDatabase, startWith } from "./leader.ts";
import {
  acceptOf,
  intentOf,
  journal,
  moveOf,
  refusalOf,
  started,
  stepOf,
  wantOf,
} from "./requests.ts";

leadOwnDatabase();
startWith(
  "generation, project, subnet, audit, answer, run, event, step",
  projectSpec("web", { agents: { worker: agentSpec("worker"), other: agentSpec("other") } }),
);

const remove = (removeVolumes: boolean): Promise<ProjectRow> =>
  door.intend(intentOf(epoch, "web", { kind: "wanted", wanted: "removed", removeVolumes }));

const scale = (replicas: number): Promise<ProjectRow> =>
  door.intend(intentOf(epoch, "web", { kind: "scale", agent: "worker", replicas }));

const settle = (from: "activating" | "active", to: "active" | "paused"): Promise<boolean> =>
  door.settlePhase(moveOf({ epoch, project: "web", from, to }));

test("a wish moves the phase by the table, is audited, and is returned", async () => {
  const row = await door.intend({
    ...wantOf(epoch, "web", "frozen"),
    by: { who: "local", claim: "ada", reason: "lunch" },
  });
  expect(row).toMatchObject({ name: "web", wanted: "frozen", phase: "pausing" });
  expect(
    (await door.audit({ limit: 1, project: "web", since: null, before: null }))[0],
  ).toMatchObject({
    action: "want-frozen",
    project: "web",
    by: { who: "local", claim: "ada", reason: "lunch" },
  });
});

test("an illegal wish changes nothing", async () => {
  await door.intend(wantOf(epoch, "web", "removed"));
  const before = await door.projects();
  expect(await refusalOf(door.intend(wantOf(epoch, "web", "active")))).toBe(
    "conflict postgres.move-illegal",
  );
  expect(await refusalOf(door.intend(wantOf(epoch, "web", "completed")))).toBe(
    "conflict postgres.move-illegal",
  );
  expect(await door.projects()).toEqual(before);
  expect(await refusalOf(door.intend(wantOf(epoch, "nobody", "active")))).toBe(
    "usage postgres.project-unknown",
  );
});

test("a removal can be asked for again, and asking for the volumes is never taken back", async () => {
  expect(await remove(false)).toMatchObject({ phase: "removing", removeVolumes: false });
  expect(await remove(true)).toMatchObject({ phase: "removing", removeVolumes: true });
  expect(await remove(false)).toMatchObject({ phase: "removing", removeVolumes: true });
});

test("restarts count up by agent and for the whole container, and start a stopped agent", async () => {
  await door.intend(intentOf(epoch, "web", { kind: "stop-agent", agent: "worker" }));
  await door.intend(intentOf(epoch, "web", { kind: "restart", agent: "worker" }));
  await door.intend(intentOf(epoch, "web", { kind: "restart", agent: "worker" }));
  const row = await door.intend(intentOf(epoch, "web", { kind: "restart", agent: null }));
  expect(row).toMatchObject({
    restartSerials: { worker: 2, "*": 1 },
    stoppedAgents: [],
    phase: "activating",
  });
});

test("what does not run cannot be restarted", async () => {
  await door.intend(wantOf(epoch, "web", "stopped"));
  expect(
    await refusalOf(door.intend(intentOf(epoch, "web", { kind: "restart", agent: null }))),
  ).toBe("conflict postgres.move-illegal");
});

test("agents are stopped and started by name; unknown ones are refused", async () => {
  await door.intend(intentOf(epoch, "web", { kind: "stop-agent", agent: "worker" }));
  const both = await door.intend(intentOf(epoch, "web", { kind: "stop-agent", agent: "other" }));
  expect(both.stoppedAgents).toEqual(["other", "worker"]);
  expect(
    await door.intend(intentOf(epoch, "web", { kind: "start-agent", agent: "worker" })),
  ).toMatchObject({ stoppedAgents: ["other"] });
  expect(
    await refusalOf(door.intend(intentOf(epoch, "web", { kind: "stop-agent", agent: "ghost" }))),
  ).toBe("usage postgres.agent-unknown");
});

test("scale is bounded by limits.agents over all agents", async () => {
  expect(await scale(3)).toMatchObject({ replicas: { worker: 3 } });
  expect(await refusalOf(scale(4))).toBe("capacity postgres.agents-exceeded");
  expect(await refusalOf(scale(1.5))).toBe("usage postgres.replicas-invalid");
  expect(await scale(0)).toMatchObject({ replicas: { worker: 0 } });
});

test("an intent under one idempotency key counts once, also under the next leader", async () => {
  const restart = {
    ...intentOf(epoch, "web", { kind: "restart" as const, agent: null }),
    idempotencyKey: "once",
  };
  await Promise.all([door.intend(restart), door.intend(restart)]);
  await leadAgain();
  expect(await door.intend({ ...restart, epoch })).toMatchObject({ restartSerials: { "*": 1 } });
  expect(
    await refusalOf(door.intend({ ...wantOf(epoch, "web", "frozen"), idempotencyKey: "once" })),
  ).toBe("conflict postgres.idempotency-reused");
});

test("a phase settles only from where it was seen, and only along the table", async () => {
  expect(await settle("activating", "active")).toBe(true);
  expect(await settle("activating", "paused")).toBe(false);
  expect(await refusalOf(settle("active", "paused"))).toBe("conflict postgres.move-illegal");
});

/** Puts the row into each phase behind the trigger's back, then asks for each move with the trigger on. */
const TRY_MOVES = `
  create function try_moves(phases text[]) returns setof text language plpgsql as $$
  declare
    here text;
    there text;
  begin
    foreach here in array phases loop
      foreach there in array phases loop
        set local session_replication_role = replica;
        update project set phase = here;
        set local session_replication_role = origin;
        begin
          update project set phase = there;
          return next here || ' ' || there;
        exception when sqlstate 'BR001' then
          null;
        end;
      end loop;
    end loop;
  end $$`;

test("the database refuses every move that is not in the table, and allows every one that is", async () => {
  await database.sql(TRY_MOVES);
  const rows = await database.sql<{ move: string }>("select try_moves($1) as move", [PHASES]);
  const legal = PHASES.flatMap((from) => [from, ...TRANSITIONS[from]].map((to) => `${from} ${to}`));
  expect(rows.map((row) => row.move).toSorted()).toEqual(legal.toSorted());
});

test("a project begins as activating and is forgotten only when removed", async () => {
  const insert =
    "insert into project (name, spec, generation, source, wanted, phase) values ('x', '{}', 1, 's', 'active', 'active')";
  await expect(database.sql(insert)).rejects.toThrow("begins as activating");
  await expect(database.sql("delete from project")).rejects.toThrow("only a removed project");
});

test("removed forgets the project and its subnet, keeps its history and leaves no run open", async () => {
  await door.allocateSubnet({ epoch, project: "web", pool: "10.201.0.0/16", avoid: [] });
  await door.ingest({ epoch, project: "web", generation: 1, events: journal(1, started("r1")) });
  await door.intend(wantOf(epoch, "web", "removed"));
  expect(
    await door.settlePhase(moveOf({ epoch, project: "web", from: "removing", to: "removed" })),
  ).toBe(true);
  expect(await door.projects()).toEqual([]);
  expect(await database.sql("select * from subnet")).toEqual([]);
  expect(await door.runs({ project: "web", agent: null, limit: 5 })).toMatchObject([
    { id: "r1", outcome: "lost", reason: "project removed" },
  ]);
  expect(
    (await door.audit({ limit: 9, project: "web", since: null, before: null })).map(
      (row) => row.action,
    ),
  ).toEqual(["want-removed"]);
});

test("a move whose answer was lost is done already: asked again it is success, also for a project that is gone", async () => {
  expect(await settle("activating", "active")).toBe(true);
  expect(await settle("activating", "active")).toBe(true);
  expect(await settle("activating", "paused")).toBe(false);
  await door.intend(wantOf(epoch, "web", "removed"));
  expect(await settle("activating", "active")).toBe(false);
  const removed = { epoch, project: "web", from: "removing", to: "removed" } as const;
  expect(await door.settlePhase(moveOf(removed))).toBe(true);
  expect(await door.settlePhase(moveOf(removed))).toBe(true);
  expect(await settle("activating", "active")).toBe(false);
});

test("the move of a phase is journalled with it, once, and not when there was none", async () => {
  const step = stepOf(1, { kind: "settle-phase" });
  const move = { epoch, project: "web", from: "activating", to: "active", step } as const;
  expect(await door.settlePhase(move)).toBe(true);
  // Its answer was lost, and it is asked for again.
  expect(await door.settlePhase({ ...move, step: { ...step, pass: "another" } })).toBe(true);
  expect(await door.stepHistory("web", 9)).toMatchObject([
    { kind: "settle-phase", pass: step.pass, outcome: "done", settledAt: expect.any(Number) },
  ]);
});

test("a project removed and declared anew begins a new journal", async () => {
  await door.ingest({
    epoch,
    project: "web",
    generation: 1,
    events: journal(1, started("r1"), started("r2")),
  });
  await door.intend(wantOf(epoch, "web", "removed"));
  await door.settlePhase(moveOf({ epoch, project: "web", from: "removing", to: "removed" }));
  await door.accept(acceptOf(epoch, declarationOf(projectSpec("web"))));
  expect((await door.projects())[0]).toMatchObject({ journalSeq: 0, phase: "activating" });
  expect(
    await door.ingest({ epoch, project: "web", generation: 2, events: journal(1, started("r3")) }),
  ).toBe(1);
  expect(
    (await door.runs({ project: "web", agent: null, limit: 5 })).map((run) => run.id).toSorted(),
  ).toEqual(["r1", "r2", "r3"]);
});
