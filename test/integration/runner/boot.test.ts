/** The runner boots from the spool alone, in any Linux image, and trusts nothing the image or the agents bring. */
import { execFile } from "node:child_process";
import { chmod, cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { agent, configOf, docker, IMAGE, shell, World } from "./harness.ts";

const world = new World("boot");
let folder = "";

/** The static busybox we ship, taken out of the image. */
async function busybox(): Promise<string> {
  const id = await docker("create", "--label", "berth.test=runner", IMAGE);
  await docker("cp", `${id}:/.berth/bin/busybox`, join(folder, "busybox"));
  await docker("rm", id);
  return join(folder, "busybox");
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bt-"));
  await world.setUp();
});
afterAll(async () => {
  await world.dispose();
  await rm(folder, { recursive: true, force: true });
});

test("agents run from the spool's configuration without any daemon", async () => {
  const project = await world.start((name) =>
    configOf(name, [shell("hello", "echo out; echo err >&2; exit 7")]),
  );
  const exited = await project.event("exited");
  expect(exited).toMatchObject({
    agent: "hello",
    code: 7,
    signal: null,
    cause: "self",
    oom: false,
    survivors: 0,
  });
  expect(await project.output(exited.run)).toBe("out\n");
  expect(await project.output(exited.run, "stderr")).toBe("err\n");
  const kinds = (await project.journal()).map((event) => event.kind);
  expect(kinds).toEqual(["boot", "started", "ready", "exited"]);
});

test("a busybox-only image and a scratch image with one static binary run agents", async () => {
  const binary = await busybox();
  const musl = join(folder, "bb");
  await mkdir(join(musl, "bin"), { recursive: true });
  await cp(binary, join(musl, "bin/busybox"));
  await chmod(join(musl, "bin/busybox"), 0o755);
  for (const name of ["sh", "id", "echo"]) await symlink("busybox", join(musl, "bin", name));
  const scratch = join(folder, "scratch");
  await mkdir(scratch);
  await cp(binary, join(scratch, "busybox-agent"));
  await chmod(join(scratch, "busybox-agent"), 0o755);

  const small = await world.start((name) => configOf(name, [shell("who", "id -u; exit 3")]), {
    image: await world.importImage("busybox", musl),
  });
  const bare = await world.start(
    (name) => configOf(name, [agent("who", ["/busybox-agent", "id", "-u"])]),
    { image: await world.importImage("scratch", scratch) },
  );
  expect(await small.outputOf("who")).toBe("10001\n");
  expect(await small.event("exited")).toMatchObject({ code: 3 });
  expect(await bare.outputOf("who")).toBe("10001\n");
});

test("an image in which a user is named like an agent's number cannot make that agent root", async () => {
  const rooted = join(folder, "rooted");
  await mkdir(join(rooted, "etc"), { recursive: true });
  await cp(await busybox(), join(rooted, "busybox"));
  await chmod(join(rooted, "busybox"), 0o755);
  await writeFile(join(rooted, "etc/passwd"), "10001:x:0:0::/:/bin/sh\n");
  await writeFile(join(rooted, "etc/group"), "10001:x:0:\n");
  const project = await world.start(
    (name) => configOf(name, [agent("who", ["/busybox", "id", "-u"])]),
    { image: await world.importImage("rooted", rooted) },
  );
  expect(await project.outputOf("who")).toBe("10001\n");
});

test("a command that cannot be started is a failed start that says why, not an exit", async () => {
  const project = await world.start((name) =>
    configOf(name, [
      agent("missing", ["/no/such/program"]),
      agent("plain", ["/etc/passwd"]),
      shell("nowhere", "true", { cwd: "/no/such/folder" }),
      shell("root", "true", { user: "root" }),
      shell("stranger", "true", { user: "nobody-i-know" }),
      shell("honest", "exit 127"),
    ]),
  );
  const reasonOf = async (name: string): Promise<string> =>
    (await project.event("start-failed", (event) => event.agent === name)).reason;
  expect(await reasonOf("missing")).toContain("No such file");
  expect(await reasonOf("plain")).toContain("Permission denied");
  expect(await reasonOf("nowhere")).toContain("/no/such/folder");
  expect(await reasonOf("root")).toContain("uid 0");
  expect(await reasonOf("stranger")).toContain("nobody-i-know");
  expect(await project.event("exited")).toMatchObject({ agent: "honest", code: 127 });
  const started = (await project.journal()).filter((event) => event.kind === "started");
  expect(started).toHaveLength(1);
});

test("user, directory and environment are those declared, the workspace belongs to the agents", async () => {
  const show =
    'id -u; id -g; pwd; echo "$WHO $HOME $BERTH_PROJECT/$BERTH_AGENT/$BERTH_REPLICA"; touch mine ~/mine && echo written';
  const project = await world.start((name) =>
    configOf(
      name,
      [
        shell("a", show, { environment: { WHO: "agent" } }),
        shell("b", "id -u; id -g; pwd", { user: "games", cwd: "/tmp" }),
      ],
      {
        environment: { WHO: "project" },
        image: { entrypoint: [], user: "1234:77", workdir: null, environment: null },
      },
    ),
  );
  const mine = `1234\n77\n/workspace\nagent /workspace/.home ${project.config.project}/a/0\nwritten\n`;
  expect(await project.outputOf("a")).toBe(mine);
  expect(await project.outputOf("b")).toBe("5\n60\n/tmp\n");
});

test("an image's LD_PRELOAD and NODE_OPTIONS reach the agents, never the runner", async () => {
  const project = await world.start(
    (name) =>
      configOf(name, [agent("show", ["sh", "-c", 'echo "$NODE_OPTIONS|$LD_PRELOAD|$IMAGE_SAYS"'])]),
    {
      flags: [
        "-e",
        "NODE_OPTIONS=--require /workspace/evil.js",
        "-e",
        "LD_PRELOAD=/workspace/evil.so",
        "-e",
        "IMAGE_SAYS=hi",
      ],
    },
  );
  expect(await project.outputOf("show")).toBe(
    "--require /workspace/evil.js|/workspace/evil.so|hi\n",
  );
  const { run } = await project.event("exited");
  // The agent's own shell complains about the missing library; the runner and its helpers never looked for it.
  expect((await project.output(run, "stderr")).match(/evil\.so/g)).toHaveLength(1);
  expect(await docker("logs", project.container)).toBe("");
});

test("agents with secrets wait for them, and find them in files only they can read", async () => {
  const read = "cat /run/secrets/TOKEN; ls /run/secrets 2>&1; stat -c %a:%u /run/secrets/TOKEN";
  const project = await world.start((name) =>
    configOf(name, [shell("s", read)], { secretNames: ["TOKEN"] }),
  );
  const client = await project.connect();
  const waiting = await client.status("s");
  expect(waiting).toMatchObject({ state: "waiting", reason: "waiting for secrets: TOKEN" });
  const value = `s3cr3t-${process.pid}`;
  const values = { TOKEN: Buffer.from(`${value}\n`).toString("base64") };
  expect(await client.ask({ kind: "secrets", epoch: 1, values })).toMatchObject({ ok: true });
  const printed = await project.outputOf("s");
  expect(printed).toContain(`${value}\n`);
  expect(printed).toContain("Permission denied");
  expect(printed).toContain("400:10001");
  const told = await docker("inspect", project.container);
  expect(told + (await docker("logs", project.container))).not.toContain(value);
  // Beside what the agent itself printed, no file in the spool holds it.
  const { stdout } = await promisify(execFile)("grep", [
    "-rl",
    "--exclude-dir=runs",
    value,
    project.spool,
  ]).catch(() => ({ stdout: "" }));
  expect(stdout).toBe("");
});
