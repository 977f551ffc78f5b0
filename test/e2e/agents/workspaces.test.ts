/** Workspaces: a volume, a path run as its owner, a path that is refused, and a repository that is cloned once it can be had. */
import { chownSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sleeper } from "../../support/samples.ts";
import { type Look, lookAt } from "../../support/look.ts";
import { type Stack, eventually, startStack } from "../../support/stack.ts";

const UID = 4321;
const GID = 8765;

let stack: Stack;
let look: Look;
beforeAll(async () => {
  stack = await startStack();
  look = lookAt(stack);
  for (const name of ["owned", "rooted", "elsewhere"])
    mkdirSync(join(stack.dir, name === "elsewhere" ? "" : "repos", name), { recursive: true });
  const owned = join(stack.dir, "repos", "owned");
  writeFileSync(join(owned, "README"), "mine\n");
  for (const path of [owned, join(owned, "README"), join(stack.dir, "elsewhere")])
    chownSync(path, UID, GID);
  symlinkSync(join(stack.dir, "elsewhere"), join(stack.dir, "repos", "leaving"));
});
afterAll(() => stack.close());

function declared(projects: string): string {
  return stack.write(
    "berth.yaml",
    `api_version: berth/v1
host:
  reserve: { cpus: 0.1, memory: 256MiB, disk: 100MiB }
  workspace_roots: [./repos]
defaults:
  image: "debian:bookworm-slim"
  limits: { cpus: 1, memory: 128MiB, pids: 64, agents: 8 }
projects:
${projects}`,
  );
}

const at = (path: string): string => `    workspace: { path: ./repos/${path} }\n`;
const inside = (project: string, script: string): Promise<string> =>
  stack.ok("exec", project, "--", "/bin/sh", "-c", script);

test("agents of a path workspace run as its owner, and nothing in it changes hands", async () => {
  await stack.ok("apply", "-f", declared(sleeper("owned", at("owned"))), "--wait", "-y");
  expect(await inside("owned", "id -u; id -g; cat README; pwd")).toBe(
    `${UID}\n${GID}\nmine\n/workspace\n`,
  );
  await inside("owned", "echo made > made");
  const made = join(stack.dir, "repos", "owned", "made");
  expect(readFileSync(made, "utf8")).toBe("made\n");
  expect(statSync(made)).toMatchObject({ uid: UID, gid: GID });
  expect(statSync(join(stack.dir, "repos", "owned"))).toMatchObject({ uid: UID, gid: GID });
});

test.each([
  ["belongs to root", "rooted", /belongs to root/],
  ["is a link out of its root", "leaving", /outside/],
  ["is not there", "absent", /cannot be read|does not exist/],
])("a path workspace that %s is refused with the reason", async (_why, path, reason) => {
  const applied = await stack.berth(
    "apply",
    "-f",
    declared(sleeper(path, at(path))),
    "--wait",
    "-y",
  );
  expect([1, 78]).toContain(applied.code);
  expect(applied.stderr).toMatch(reason);
  const project = await look.project(path);
  expect(project.health).toBe("failed");
  expect(project.reasons.join()).toMatch(reason);
  expect(project.containerId).toBeNull();
  await stack.ok("remove", path, "-y");
});

test("a path below no workspace root is refused by its place in the file", async () => {
  const refused = await stack.berth(
    "apply",
    "-f",
    declared(sleeper("outside", "    workspace: { path: ./elsewhere }\n")),
    "-y",
  );
  expect(refused.code).toBe(65);
  expect(refused.stderr).toMatch(/berth\.yaml:\d+:\d+ .*workspace/);
});

test("a volume workspace belongs to the agents and outlives the container", async () => {
  const file = declared(sleeper("kept"));
  await stack.ok("apply", "-f", file, "--wait", "-y");
  expect(
    await inside("kept", "stat -c %u /workspace; echo here > /workspace/file; echo $HOME"),
  ).toBe("10001\n/workspace/.home\n");
  await stack.docker("rm", "-f", (await look.container("kept")).Id);
  await eventually("the file is there again", async () =>
    (await inside("kept", "cat /workspace/file")) === "here\n" ? true : undefined,
  );
});

test("a repository that cannot be reached fails with its reason, and is cloned, once, when it can", async () => {
  const server = `berth-test-git-${stack.install}`;
  const git = `  clone:
    image: "berth/agent-node:0.1.0"
    workspace: { git: "git://${server}/repo", ref: main }
    agents:
      read: { command: [/bin/sh, -c, "cat file; exec sleep infinity"], stop_grace_period: 0s }
`;
  await stack.ok("apply", "-f", declared(git), "-y");
  const failed = await look.until("clone", ({ reasons }) => reasons.join().includes("git fetch"));
  expect(failed.reasons.join()).toMatch(/workspace: git fetch: .*next try in/);
  expect(failed.health).not.toBe("healthy");

  // egress is none, so only something on the project's own network can serve it.
  const script =
    "cd /tmp && git init -q -b main repo && cd repo && echo cloned > file && git add . && " +
    "git -c user.name=t -c user.email=t@t commit -qm one && touch .git/git-daemon-export-ok && " +
    "exec git daemon --base-path=/tmp --export-all --reuseaddr /tmp";
  await stack.docker(
    "run",
    "-d",
    "--name",
    server,
    "--network",
    `berth-${stack.install}-clone`,
    "--user",
    "0",
    "--entrypoint",
    "/bin/sh",
    "berth/agent-node:0.1.0",
    "-c",
    script,
  );
  try {
    await look.until("clone", ({ health }) => health === "healthy", 45_000);
    expect(await inside("clone", "cat /workspace/file; git -C /workspace log --format=%s")).toBe(
      "cloned\none\n",
    );
    await eventually("the agent reads it", async () =>
      (await stack.ok("logs", "clone")).includes("cloned") ? true : undefined,
    );
    await inside("clone", "echo mine > /workspace/file");
    await stack.ok("restart", "clone");
    await look.healthy("clone");
    expect(await inside("clone", "cat /workspace/file")).toBe("mine\n");
  } finally {
    await stack.docker("rm", "-f", server).catch(() => "");
  }
});
