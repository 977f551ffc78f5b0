/** What the runner makes of /workspace: its owner, and the clone of a git workspace. */
import { execFile } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "./eventually.ts";
import { VERSION, configOf, docker, shell, World } from "./harness.ts";

const AGENT_NODE = process.env["BERTH_IMAGE_AGENT_NODE"] ?? `berth/agent-node:${VERSION}`;
const world = new World("work");
let origin = "";

beforeAll(async () => {
  origin = await mkdtemp(join(tmpdir(), "bt-git-"));
  await world.setUp();
  await writeFile(join(origin, "make"), MAKE_ORIGIN);
  // By the git of the image: the machine may have none.
  await docker(
    "run",
    "--rm",
    "--network",
    "none",
    "--label",
    "berth.test=runner",
    "-v",
    `${origin}:/origin`,
    "--entrypoint",
    "sh",
    AGENT_NODE,
    "/origin/make",
  );
  await chmod(origin, 0o755);
});
afterAll(async () => {
  await world.dispose();
  await rm(origin, { recursive: true, force: true });
});

const MAKE_ORIGIN = `
set -e
cd /origin
git init -q -b main repo
cd repo
git config user.email a@b.c
git config user.name a
echo first >file
git add file
git commit -q -m first
git checkout -q -b topic
echo topic >file
git commit -q -a -m topic
# git serves a folder only to its owner
chown -R 10001:10001 /origin/repo
`;

test("a git workspace is cloned once as the agent, and a work in progress survives the container", async () => {
  const script =
    "cat file; git branch --show-current; stat -c %u .git; echo changed >file; echo end; exec sleep 1000";
  const git = { url: "file:///origin/repo", ref: "topic" };
  const project = await world.start((name) => configOf(name, [shell("a", script)], { git }), {
    image: AGENT_NODE,
    flags: ["-v", `${origin}:/origin:ro`],
  });
  expect(await project.event("workspace")).toMatchObject({ ready: true, detail: null });
  const { run } = await project.event("ready");
  const printed = (id: string): Promise<string> =>
    eventually("its output", async () => {
      const text = await project.output(id);
      return text.endsWith("end\n") && text;
    });
  expect(await printed(run)).toBe("topic\ntopic\n10001\nend\n");
  await docker("kill", project.container);
  await docker("start", project.container);
  const again = await project.event("started", (event) => event.run !== run);
  expect(await printed(again.run)).toBe("changed\ntopic\n10001\nend\n");
});

test("a clone that fails is told with its reason and tried again; agents wait", async () => {
  const git = { url: "file:///origin/none", ref: "main" };
  const project = await world.start((name) => configOf(name, [shell("a", "true")], { git }), {
    image: AGENT_NODE,
    flags: ["-v", `${origin}:/origin:ro`],
  });
  const failed = await project.event("workspace");
  expect(failed.ready).toBe(false);
  expect(failed.detail).toMatch(/^git fetch: exit code 128: fatal: .*; next try in 2 s$/);
  const client = await project.connect();
  expect(await client.status("a")).toMatchObject({ state: "waiting" });
  expect(await client.frame("status")).toMatchObject({ workspace: "failed" });
  await project.event("workspace", (event) => event.seq > failed.seq);
  expect((await project.journal()).some((event) => event.kind === "started")).toBe(false);
});

test("a path workspace is run as its owner and left as it is; one that is root's is refused", async () => {
  const folder = await mkdtemp(join(tmpdir(), "bt-path-"));
  await promisify(execFile)("chown", ["4242:4343", folder]);
  const flags = ["--mount", `type=bind,src=${folder},dst=/mine`];
  const owner = { uid: 4242, gid: 4343 };
  const project = await world.start(
    (name) =>
      configOf(name, [shell("a", "id -u; id -g; echo kept >/mine/file")], {
        workspaceOwner: owner,
      }),
    { flags },
  );
  expect(await project.outputOf("a")).toBe("4242\n4343\n");
  const { stdout } = await promisify(execFile)("stat", ["-c", "%u", join(folder, "file")]);
  expect(stdout.trim()).toBe("4242");
  const refused = await world.start((name) =>
    configOf(name, [shell("a", "true")], { workspaceOwner: { uid: 0, gid: 0 } }),
  );
  expect(await refused.event("start-failed")).toMatchObject({
    reason: expect.stringContaining("root"),
  });
  await rm(folder, { recursive: true, force: true });
});
