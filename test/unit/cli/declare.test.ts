/** Verbs that declare: init, validate, config, plan, apply, rollback, down. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { PlanView } from "../../../src/model/view.ts";
import { startServer, until } from "../../support/api-server.ts";
import { cli, startCli } from "../../support/cli.ts";
import {
  aProject,
  fakeDaemon,
  type FakeDaemon,
  GENERATION,
  liveEvents,
  PLAN,
} from "../../support/fake-daemon.ts";

let cwd = "";

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "berth-cli-"));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const write = (name: string, text: string): void => {
  mkdirSync(join(cwd, name, ".."), { recursive: true });
  writeFileSync(join(cwd, name), text);
};
const asked = (daemon: FakeDaemon, method: string): unknown[] =>
  daemon.asked.filter(([name]) => name === method).map(([, argument]) => argument);

const WEB =
  "name: web\nimage: debian:bookworm-slim\nworkspace: { volume: web }\nagents:\n  main: { command: [sleep, infinity] }\n";

test("init writes a declaration that validates, and never touches a file that is there", async () => {
  expect(await cli(["init"], { cwd })).toMatchObject({ code: 0, stdout: "" });
  const before = readFileSync(join(cwd, "berth.yaml"), "utf8");
  expect(await cli(["validate"], { cwd })).toMatchObject({
    code: 0,
    stderr: "valid: 1 project in 2 files\n",
  });
  writeFileSync(join(cwd, "berth.yaml"), `${before}# mine\n`);
  expect(await cli(["init"], { cwd })).toMatchObject({
    code: 75,
    stderr: expect.stringMatching(/exists already/),
  });
  expect(readFileSync(join(cwd, "berth.yaml"), "utf8")).toBe(`${before}# mine\n`);
});

test("init makes the directories that are missing, and ends where none can be made", async () => {
  expect((await cli(["init", "some/where"], { cwd })).code).toBe(0);
  expect((await cli(["validate", "-f", "some/where"], { cwd })).code).toBe(0);
  writeFileSync(join(cwd, "file"), "");
  for (const place of ["/proc/berth/here", join(cwd, "file"), join(cwd, "file/below")])
    expect(await cli(["init", place], { cwd })).toMatchObject({
      code: 64,
      stdout: "",
      stderr: expect.stringMatching(/^error: cannot write .*\nhint: check the directory/),
    });
});

test("validate tells every problem with place, line and caret, exit 65, without a daemon", async () => {
  write("web.yaml", `${WEB}limits: { cpus: 0 }\nimagee: x\n`);
  const ran = await cli(["validate", "-f", "web.yaml"], { cwd, address: "unix:/nowhere.sock" });
  expect(ran.code).toBe(65);
  expect(ran.stderr).toMatch(/error: web\.yaml:6:\d+ /);
  expect(ran.stderr).toMatch(/ {2}7 \| imagee: x\n {4}\| \^+\n/);
  expect(ran.stderr).toContain("2 problems");
  const json = await cli(["validate", "-f", "web.yaml", "--json"], { cwd });
  expect(JSON.parse(json.stderr)).toMatchObject({
    status: 422,
    problems: [{}, { code: "declare.unknown-key" }],
  });
});

test("what is wrong on stdin is told of stdin, and steers no terminal", async () => {
  const stdin = `${WEB}limits: { cpus: .inf, pids: .nan }\nx\u0085\u009B2Jy: 1\n`;
  const ran = await cli(["validate", "-f", "-"], { cwd, stdin, tty: true, env: { NO_COLOR: "1" } });
  expect(ran.code).toBe(65);
  expect(ran.stderr).toMatch(/error: stdin:\d+:\d+ /);
  expect(ran.stderr.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
  const infinite = `${WEB}limits: { cpus: .inf }\n`;
  const told = await cli(["validate", "-f", "-"], { cwd, stdin: infinite });
  expect(told.stderr).toMatch(
    /error: stdin:6:\d+ limits\.cpus must be a number, not an infinite one/,
  );
});

test("config show fills every value in and says where it comes from", async () => {
  write("web.yaml", WEB);
  const shown = await cli(["config", "show", "web", "-f", "web.yaml", "-o", "json"], { cwd });
  expect(JSON.parse(shown.stdout)).toMatchObject({
    projects: { web: { image: "debian:bookworm-slim" } },
  });
  const origins = await cli(["config", "show", "web", "-f", "web.yaml", "--origin"], { cwd });
  expect(origins.stdout).toMatch(/web\.image +debian:bookworm-slim +web\.yaml:2/);
  expect(origins.stdout).toMatch(/web\.weight +1 +berth default/);
});

test("what config show prints is the same declaration again, also where values hold dollar signs", async () => {
  write(
    "web.yaml",
    `${WEB}environment: { A: "$\${X}", B: "$$$\${X}$", C: "$X $$$$", D: "$\${" }\n`,
  );
  const once = await cli(["config", "show", "-f", "web.yaml"], { cwd });
  write("again.yaml", once.stdout);
  const again = await cli(["config", "show", "-f", "again.yaml"], { cwd });
  expect(again).toMatchObject({ code: 0, stderr: "", stdout: once.stdout });
  const values = await cli(["config", "show", "-f", "again.yaml", "-o", "json"], { cwd });
  expect(JSON.parse(values.stdout)).toMatchObject({
    projects: { web: { environment: { A: "${X}", B: "$${X}$", C: "$X $$", D: "${" } } },
  });
});

test("origins of what the daemon holds are not known, and not silently left away", async () => {
  expect(await cli(["config", "show", "--accepted", "--origin"], { cwd })).toMatchObject({
    code: 64,
    stdout: "",
  });
});

test("what is sent is interpolated with the operator's environment", async () => {
  write("web.yaml", WEB.replace("debian:bookworm-slim", "debian:${TAG:-bookworm}"));
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  await cli(["plan", "-f", "web.yaml"], { cwd, address: server.address, env: { TAG: "trixie" } });
  const [sent] = asked(daemon, "plan");
  expect(sent).toMatchObject({ bundle: { entry: "web.yaml", base: cwd } });
  expect(JSON.stringify(sent)).toContain("debian:trixie");
});

test("a plan kept in a file is applied with what it expects, and only its owner may read it", async () => {
  write("web.yaml", WEB);
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const at = { cwd, address: server.address };
  await cli(["plan", "-f", "web.yaml", "--prune", "--out", "next.plan"], at);
  expect(statSync(join(cwd, "next.plan")).mode & 0o777).toBe(0o600);
  expect((await cli(["apply", "next.plan"], at)).code).toBe(0);
  const expected = { generation: 3, fingerprint: "f-1" };
  expect(asked(daemon, "apply")).toMatchObject([
    {
      expected,
      prune: true,
      idempotencyKey: expect.stringMatching(/^key-\d+$/),
      by: { claim: "ann" },
    },
  ]);
  expect((await cli(["apply", "web.yaml"], at)).code).toBe(64);
});

test.each(["validate", "config", "plan", "apply", "down"])(
  "%s takes one -f and one -e: a second would hide the first",
  async (verb) => {
    write("web.yaml", WEB);
    write("api.yaml", WEB.replace("web", "api"));
    const daemon = fakeDaemon();
    await using server = await startServer(daemon);
    const at = { cwd, address: server.address };
    const files = await cli([verb, "-f", "web.yaml", "--file", "api.yaml"], at);
    expect(files.code).toBe(64);
    expect(files.stderr).toContain("-f is given twice: web.yaml and api.yaml");
    expect((await cli([verb, "-f", "web.yaml", "-e", "a", "-e", "b"], at)).code).toBe(64);
    expect(daemon.asked).toEqual([]);
  },
);

test("apply says what it accepted, or that there is nothing to do", async () => {
  write("web.yaml", WEB);
  let changed = true;
  const apply = async () => ({
    generation: 4,
    changed,
    unnamed: ["old"],
    pruned: [],
    changedProjects: changed ? ["still", "web"] : [],
    deferred: changed ? ["still"] : [],
    projects: ["late", ...(changed ? ["web"] : [])],
  });
  await using server = await startServer(fakeDaemon({ apply }));
  const at = { cwd, address: server.address };
  const first = await cli(["apply", "-f", "web.yaml"], at);
  expect(first).toMatchObject({ code: 0, stdout: "" });
  expect(first.stderr).toContain("no longer declared, left as they are: old");
  expect(first.stderr).toContain(
    "generation 4: still (takes effect when it runs again), web; not settled yet: late",
  );
  changed = false;
  expect((await cli(["apply", "-f", "web.yaml"], at)).stderr).toContain(
    "nothing to do; not settled yet: late",
  );
  expect(JSON.parse((await cli(["apply", "-f", "web.yaml", "--json"], at)).stdout)).toMatchObject({
    changed: false,
  });
});

test("apply without a terminal never asks; on one it asks before it interrupts agents", async () => {
  write("web.yaml", WEB);
  const [project] = PLAN.projects;
  const steps = (project?.steps ?? []).map((step) => ({ ...step, interrupts: ["coder"] }));
  const plan: PlanView = {
    ...PLAN,
    projects: project === undefined ? [] : [{ ...project, steps }],
  };
  const daemon = fakeDaemon({ plan: async () => plan });
  await using server = await startServer(daemon);
  const at = { cwd, address: server.address };
  expect((await cli(["apply", "-f", "web.yaml"], at)).code).toBe(0);
  const no = await cli(["apply", "-f", "web.yaml"], { ...at, tty: true, stdin: "n\n" });
  expect(no).toMatchObject({ code: 1, stderr: expect.stringMatching(/Apply this\? \[y\/N\]/) });
  expect(asked(daemon, "apply")).toMatchObject([{ expected: null }]);
  expect((await cli(["apply", "-f", "web.yaml"], { ...at, tty: true, stdin: "y\n" })).code).toBe(0);
  expect(asked(daemon, "apply")).toHaveLength(2);
  expect(asked(daemon, "apply")[1]).toMatchObject({
    expected: { generation: 3, fingerprint: "f-1" },
  });
  expect((await cli(["apply", "-f", "web.yaml", "-y"], { ...at, tty: true })).code).toBe(0);
});

test("apply --wait follows projects until they are healthy, a line a change", async () => {
  write("web.yaml", WEB);
  const daemon = fakeDaemon();
  daemon.world = [aProject("web", { phase: "activating", health: "starting" })];
  await using server = await startServer(daemon);
  const running = startCli(["apply", "-f", "web.yaml", "--wait"], { cwd, address: server.address });
  await expect.poll(running.stderr).toContain("web: activating, starting");
  daemon.world = [aProject("web")];
  const ran = await running.done;
  expect(ran.code).toBe(0);
  expect(ran.stderr).toMatch(
    /web: active, healthy, 1 of 1 agents run\n[\s\S]*generation 4: web\n$/,
  );
});

test("apply --wait ends with 1 when a project fails", async () => {
  write("web.yaml", WEB);
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  daemon.world = [aProject("web", { health: "crash-loop" })];
  const ran = await cli(["apply", "-f", "web.yaml", "--wait"], { cwd, address: server.address });
  expect(ran).toMatchObject({ code: 1, stderr: expect.stringMatching(/crash-loop/) });
});

test("apply --wait ends with 78 when the engine refuses a project", async () => {
  write("web.yaml", WEB);
  const daemon = fakeDaemon();
  await using server = await startServer(daemon);
  const fault = { code: "docker.image-missing", detail: "no image nope:1", at: 0 };
  daemon.world = [aProject("web", { phase: "activating", health: "failed", fault })];
  const ran = await cli(["apply", "-f", "web.yaml", "--wait"], { cwd, address: server.address });
  expect(ran).toMatchObject({ code: 78, stderr: expect.stringMatching(/no image nope:1/) });
});

test("a failure of the generation before is not this one's", async () => {
  write("web.yaml", WEB);
  const { follow, happen } = liveEvents();
  const daemon = fakeDaemon({ follow });
  await using server = await startServer(daemon);
  daemon.world = [aProject("web", { phase: "activating", health: "crash-loop" })];
  const running = startCli(["apply", "-f", "web.yaml", "--wait"], { cwd, address: server.address });
  await until(() => running.stderr().includes("crash-loop"));
  daemon.world = [aProject("web")];
  happen();
  expect((await running.done).code).toBe(0);
});

test("apply --wait ends with 75 when time is up", async () => {
  write("web.yaml", WEB);
  const daemon = fakeDaemon();
  daemon.world = [aProject("web", { phase: "activating", health: "starting" })];
  await using server = await startServer(daemon);
  const ran = await cli(["apply", "-f", "web.yaml", "--wait", "--timeout", "50ms"], {
    cwd,
    address: server.address,
  });
  expect(ran).toMatchObject({
    code: 75,
    stderr: expect.stringMatching(/web: activating, starting/),
  });
});

test("the first Ctrl-C leaves a wait with 130, and what was applied goes on", async () => {
  write("web.yaml", WEB);
  const daemon = fakeDaemon();
  daemon.world = [aProject("web", { phase: "activating", health: "starting" })];
  await using server = await startServer(daemon);
  const running = startCli(["apply", "-f", "web.yaml", "--wait"], { cwd, address: server.address });
  await expect.poll(running.stderr).toContain("web: activating");
  running.interrupt();
  expect(await running.done).toMatchObject({ code: 130 });
});

test("rollback goes to the generation before, or the one named", async () => {
  const daemon = fakeDaemon({
    history: async () => [GENERATION, { ...GENERATION, generation: 2 }],
  });
  await using server = await startServer(daemon);
  expect((await cli(["rollback", "-y"], { address: server.address })).code).toBe(0);
  expect(
    (await cli(["rollback", "1", "-y", "--reason", "broken"], { address: server.address })).code,
  ).toBe(0);
  expect(asked(daemon, "rollback")).toMatchObject([
    { generation: 2 },
    { generation: 1, by: { reason: "broken" } },
  ]);
});

test("rollback says what it deactivated", async () => {
  const rolled = {
    generation: 4,
    changed: true,
    unnamed: [],
    pruned: ["api"],
    projects: ["web"],
    changedProjects: ["web"],
    deferred: [],
  };
  await using server = await startServer(fakeDaemon({ rollback: async () => rolled }));
  const ran = await cli(["rollback", "2", "-y"], { address: server.address });
  expect(ran.stderr).toContain("deactivated: api");
  expect(ran.stderr).toContain("generation 4 is generation 2 again");
});

test("down names the source of the declaration here, or takes all", async () => {
  write("berth.yaml", "api_version: berth/v1\n");
  const daemon = fakeDaemon();
  daemon.world = [];
  await using server = await startServer(daemon);
  const at = { cwd, address: server.address };
  expect((await cli(["down", "-y"], at)).code).toBe(0);
  expect((await cli(["down", "--all", "-y"], at)).stderr).toContain("deactivated web");
  expect(asked(daemon, "down")).toMatchObject([
    { source: join(cwd, "berth.yaml") },
    { source: null },
  ]);
});
