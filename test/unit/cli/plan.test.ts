/** `berth plan` as people read it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { PlanView } from "../../../src/model/view.ts";
import { startServer } from "../../support/api-server.ts";
import { cli } from "../../support/cli.ts";
import { fakeDaemon, PLAN } from "../../support/fake-daemon.ts";

let cwd = "";

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "berth-cli-"));
  writeFileSync(
    join(cwd, "web.yaml"),
    "name: web\nimage: debian:bookworm-slim\nworkspace: { volume: web }\nagents:\n  main: { command: [sleep, infinity] }\n",
  );
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

test("plan shows steps with cause, change and impact, and exits 2 only when asked to", async () => {
  await using server = await startServer(fakeDaemon());
  const at = { cwd, address: server.address };
  const shown = await cli(["plan", "-f", "web.yaml"], at);
  expect(shown).toMatchObject({ code: 0, stderr: "" });
  expect(shown.stdout).toMatchInlineSnapshot(`
    "~ web update
        limits.memory: 256MiB → 512MiB
      #1 update-container container:web: limits differ; memory: 256MiB → 512MiB [live]
    1 project, 1 step
    "
  `);
  expect((await cli(["plan", "-f", "web.yaml", "--detailed-exitcode"], at)).code).toBe(2);
  const nothing: PlanView = { ...PLAN, projects: [], changes: false };
  await using idle = await startServer(fakeDaemon({ plan: async () => nothing }));
  const none = await cli(["plan", "-f", "web.yaml", "--detailed-exitcode"], {
    cwd,
    address: idle.address,
  });
  expect(none).toMatchObject({ code: 0, stdout: "nothing to do\n" });
  const names = await cli(["plan", "-f", "web.yaml", "-o", "name"], { cwd, address: idle.address });
  expect(names).toMatchObject({ code: 0, stdout: "" });
});

test("an agent that is added is told by what it has, not by what it does not have", async () => {
  const fields = [
    { field: "agents.side.command", from: null, to: '["sleep","9"]' },
    { field: "agents.side.health", from: null, to: "none" },
    { field: "agents.side.cwd", from: "none", to: null },
  ];
  const [first] = PLAN.projects;
  const plan: PlanView = { ...PLAN, projects: first === undefined ? [] : [{ ...first, fields }] };
  await using server = await startServer(fakeDaemon({ plan: async () => plan }));
  const shown = await cli(["plan", "-f", "web.yaml"], { cwd, address: server.address });
  expect(shown.stdout).toContain('    agents.side.command: none → ["sleep","9"]\n');
  expect(shown.stdout).not.toContain("none → none");
});

test("the plan of a new project says what it may use and reach, and which hardening it gives up", async () => {
  const created = (fields: Readonly<Record<string, string>>): PlanView => ({
    ...PLAN,
    projects: [
      {
        project: "web",
        change: "create",
        fields: Object.entries(fields).map(([field, to]) => ({ field, from: null, to })),
        steps: [],
        waiting: [],
      },
    ],
  });
  const hard = {
    "agents.main.replicas": "1",
    image: "debian:bookworm-slim",
    "limits.memory": "512MiB",
    "network.egress": "none",
    "security.read_only_root": "true",
    tmpfs: "[]",
    "workspace.volume": "web",
  };
  const weak = {
    ...hard,
    "network.egress": "open",
    "security.read_only_root": "false",
    tmpfs: '["/scratch"]',
  };
  let plan = created(hard);
  await using server = await startServer(fakeDaemon({ plan: async () => plan }));
  const said = async () =>
    (await cli(["plan", "-f", "web.yaml"], { cwd, address: server.address })).stdout;
  expect(await said()).toMatchInlineSnapshot(`
    "+ web create
        image: debian:bookworm-slim
        limits.memory: 512MiB
        network.egress: none
        workspace.volume: web
    1 project, 0 steps
    "
  `);
  plan = created(weak);
  expect(await said()).toMatchInlineSnapshot(`
    "+ web create
        image: debian:bookworm-slim
        limits.memory: 512MiB
        network.egress: open (weakens hardening)
        security.read_only_root: false (weakens hardening)
        tmpfs: ["/scratch"] (weakens hardening)
        workspace.volume: web
    1 project, 0 steps
    "
  `);
});

test("plan --prune deactivates what is no longer declared, and does not say that it leaves it", async () => {
  const gone = {
    project: "api",
    change: "deactivate",
    fields: [],
    steps: [],
    waiting: [],
  } as const;
  const plan: PlanView = { ...PLAN, projects: [gone], unnamed: ["api"] };
  await using server = await startServer(fakeDaemon({ plan: async () => plan }));
  const { stdout } = await cli(["plan", "-f", "web.yaml", "--prune"], {
    cwd,
    address: server.address,
  });
  expect(stdout).toMatchInlineSnapshot(`
    "- api deactivate
    1 project, 0 steps
    "
  `);
});
