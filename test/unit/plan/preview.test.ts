/** Previews: what apply would do, and a fingerprint that holds it to that. */
import { expect, test } from "vitest";
import { projectShape } from "../../../src/declare/shape.ts";
import { proposeRecord, UNSEEN_IMAGE } from "../../../src/desired/propose.ts";
import type { ObservedProject } from "../../../src/model/observed-project.ts";
import type { ProjectRecord } from "../../../src/model/project-record.ts";
import type { ProjectSpec } from "../../../src/model/project.ts";
import {
  previewFingerprint,
  previewProject,
  declaredChanges,
  type Preview,
} from "../../../src/plan/preview.ts";
import { renderPlan } from "../../../src/plan/render.ts";
import {
  desired,
  MIB,
  sampleAgent,
  sampleRecord,
  sampleSpec,
} from "../../support/project-samples.ts";
import { running, seen } from "../../support/sightings.ts";

const record = sampleRecord();
const up = running(desired(record));

function preview(
  before: ProjectRecord | null,
  after: ProjectSpec | null,
  observed: ObservedProject,
): Preview {
  const proposed = proposeRecord(before, { name: "web", spec: after, generation: 2 });
  if (proposed === null) throw new Error("nothing proposed");
  return previewProject({
    before: before === null ? null : projectShape(before.spec),
    after: after === null ? null : projectShape(after),
    desired: desired(proposed, { image: UNSEEN_IMAGE }),
    observed,
  });
}

test("the same declaration changes nothing", () => {
  expect(preview(record, record.spec, up)).toMatchObject({
    change: "none",
    fields: [],
    plan: { steps: [], waiting: [] },
  });
});

test("a new project is created, on a subnet that is allocated later", () => {
  const made = preview(null, record.spec, seen({ subnet: null, imageKnown: false }));
  expect(made.change).toBe("create");
  expect(renderPlan(made.plan)).toContain("start-container");
  expect(made.fields).toContainEqual({ field: "image", from: null, to: "node:26" });
});

test("a changed declaration says which fields, old and new, and what it costs", () => {
  const after = sampleSpec({
    limits: { ...sampleSpec().limits, memoryBytes: 1024 * MIB },
    agents: { beat: sampleAgent("beat", { command: ["true"], stopGraceMs: 20_000 }) },
  });
  const made = preview(record, after, up);
  expect(made.change).toBe("update");
  expect(made.fields).toEqual([
    { field: "agents.beat.command", from: '["node","beat.js"]', to: '["true"]' },
    { field: "agents.beat.stop_grace_period", from: "10s", to: "20s" },
    { field: "limits.memory", from: "512MiB", to: "1GiB" },
  ]);
  expect(renderPlan(made.plan)).toMatchInlineSnapshot(`
    "[] #1 container:web, update-container, memory limit 512MiB → 1GiB
    [] #2 project:web, configure-agents, changed: agents.beat.process, agents.beat.policy"
  `);
});

test("a longer stop grace says from when foreign stops have it, unless a new container comes with it", () => {
  const agents = { beat: sampleAgent("beat", { stopGraceMs: 60_000 }) };
  expect(preview(record, sampleSpec({ agents }), up).waiting).toEqual([
    "until its next new container `docker stop` and the host's shutdown give its agents 15 s, not the 65 they may need now",
  ]);
  const replaced = sampleSpec({ agents, security: { readOnlyRoot: false } });
  expect(preview(record, replaced, up).waiting).toEqual([]);
  const shorter = { beat: sampleAgent("beat", { stopGraceMs: 1_000 }) };
  expect(preview(record, sampleSpec({ agents: shorter }), up).waiting).toEqual([]);
  expect(preview(record, sampleSpec({ weight: 3 }), up).waiting).toEqual([]);
});

test("a replacement that waits for the firewall is shown, beside what it waits for", () => {
  const after = sampleSpec({ network: { egress: "open" }, security: { readOnlyRoot: false } });
  const made = preview(record, after, { ...up, firewallVerified: false });
  expect(renderPlan(made.plan)).toMatchInlineSnapshot(`
    "[] #1 container:web, stop-container, changed: security.read_only_root, network.egress
    [1] #2 container:web, remove-container, changed: security.read_only_root, network.egress
    [2] #3 network:web, remove-network, network changed: egress
    [3] #4 network:web, create-network, replaces #3
    [2] #5 spool:web, prepare-spool, configuration for the start
    [2,4,5] #6 container:web, create-container, replaces #2
    [6] #7 container:web, start-container, created by #6"
  `);
  expect(made.plan.steps.flatMap(({ interrupts }) => interrupts)).toContain("beat");
  expect(made.waiting).toEqual(["firewall: the rules for open egress are not verified"]);
  // once they are verified the plan is the same one
  const verified = preview(record, after, up);
  expect(verified.waiting).toEqual([]);
  expect(previewFingerprint([verified])).toBe(previewFingerprint([made]));
});

test("what changes of a project put aside waits until it runs again, and is said to", () => {
  const after = sampleSpec({ limits: { ...sampleSpec().limits, memoryBytes: 1024 * MIB } });
  const aside = (wanted: "frozen" | "stopped" | "completed") =>
    preview(sampleRecord({ wanted, phase: wanted === "completed" ? wanted : "paused" }), after, {
      ...up,
      containers: up.containers.map((each) => ({ ...each, state: "paused" as const })),
    });
  expect(aside("frozen")).toMatchObject({
    change: "update",
    plan: { steps: [] },
    waiting: ["frozen: takes effect when it is resumed"],
  });
  expect(aside("stopped").waiting).toEqual(["stopped: takes effect when it runs again"]);
  expect(aside("completed").waiting).toEqual(["completed: takes effect when it runs again"]);
  const frozen = sampleRecord({ wanted: "frozen", phase: "paused" });
  expect(preview(frozen, sampleSpec({ priority: 900 }), up).waiting).toEqual([]);
  expect(preview(frozen, frozen.spec, up).waiting).toEqual([]);
});

test("accepting what was taken down starts it, and its plan says so", () => {
  for (const phase of ["inactive", "deactivating"] as const) {
    const made = preview(sampleRecord({ wanted: "inactive", phase }), record.spec, seen());
    expect(made).toMatchObject({ change: "repair", waiting: [] });
    expect(renderPlan(made.plan)).toContain("start-container");
  }
});

test("a pruned project is deactivated", () => {
  const made = preview(record, null, up);
  expect(made.change).toBe("deactivate");
  expect(renderPlan(made.plan)).toContain("remove-container, project is inactive");
});

test("drift under an unchanged declaration is a repair", () => {
  expect(preview(record, record.spec, { ...up, containers: [], inspected: [] }).change).toBe(
    "repair",
  );
});

test("phases are not part of a preview", () => {
  expect(preview({ ...record, phase: "activating" }, record.spec, up).plan.steps).toEqual([]);
});

test("a scale by hand lasts until the declaration changes those replicas", () => {
  const scaled = sampleRecord({ replicas: { beat: 3, gone: 2 } });
  const replicas = (spec: ProjectSpec) =>
    proposeRecord(scaled, { name: "web", spec, generation: 2 })?.replicas;
  expect(replicas(sampleSpec({ environment: { A: "1" } }))).toMatchObject({ beat: 3 });
  expect(
    replicas(sampleSpec({ agents: { beat: sampleAgent("beat", { replicas: 2 }) } })),
  ).not.toHaveProperty("beat");
});

test("accepting wakes what was taken down or pruned, and leaves what was put aside in another way", () => {
  const after = (row: Parameters<typeof sampleRecord>[0], declared: boolean) => {
    const before = { ...sampleRecord(row), declared };
    return proposeRecord(before, { name: "web", spec: before.spec, generation: 2 });
  };
  const down = { wanted: "inactive", phase: "inactive" } as const;
  const frozen = { wanted: "frozen", phase: "paused" } as const;
  expect(after(down, true)).toMatchObject({ wanted: "active", phase: "activating" });
  expect(after(frozen, true)).toMatchObject(frozen);
  // Pruned, and frozen by hand since.
  expect(after(frozen, false)).toMatchObject({ wanted: "active", phase: "resuming" });
});

test("the fingerprint is equal for equal previews in any order, and not when a step or a field differs", () => {
  const one = preview(record, record.spec, up);
  const two = { ...preview(record, sampleSpec({ environment: { A: "1" } }), up), project: "api" };
  const three = { ...preview(record, sampleSpec({ environment: { A: "2" } }), up), project: "api" };
  expect(previewFingerprint([one, two])).toBe(previewFingerprint([two, one]));
  expect(previewFingerprint([one, two])).not.toBe(previewFingerprint([one, three]));
});

test("what differs is told in a declaration's words at any depth, lists as one value, null where nothing is said", () => {
  const health = {
    command: ["true"],
    intervalMs: 10_000,
    timeoutMs: 2_000,
    retries: 3,
    startPeriodMs: 5_000,
  };
  const after = sampleSpec({
    workspace: { kind: "path", path: "/srv" },
    secrets: ["KEY"],
    agents: { beat: sampleAgent("beat", { health }) },
  });
  expect(declaredChanges(projectShape(sampleSpec()), projectShape(after))).toEqual([
    {
      field: "agents.beat.health",
      from: "none",
      to: '{"command":["true"],"interval":"10s","retries":3,"start_period":"5s","timeout":"2s"}',
    },
    { field: "secrets", from: "[]", to: '["KEY"]' },
    { field: "workspace.path", from: null, to: "/srv" },
    { field: "workspace.volume", from: "data", to: null },
  ]);
});

test("the parts of a new agent are told one by one, and those of one that is gone", () => {
  const [one, two] = [sampleSpec(), sampleSpec({ agents: { next: sampleAgent("next") } })].map(
    projectShape,
  );
  const changes = declaredChanges(one ?? null, two ?? {});
  expect(changes).toContainEqual({ field: "agents.next.replicas", from: null, to: "1" });
  expect(changes).toContainEqual({ field: "agents.beat.replicas", from: "1", to: null });
});
