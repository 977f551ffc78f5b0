/** Names of images that are moved, or taken away, from under a running project: it is kept and repaired by the image it runs on. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Description } from "../../../src/schema/api-project.ts";
import { host, sleeper } from "../../support/samples.ts";
import { type Look, lookAt } from "../../support/look.ts";
import { type Stack, eventually, startStack } from "../../support/stack.ts";

let stack: Stack;
let look: Look;
let name: string;
let file: string;
/** Id of an image nothing else names. */
let first: string;
let second: string;
beforeAll(async () => {
  stack = await startStack();
  look = lookAt(stack);
  // No registry answers for this name, and none is asked for long.
  name = `localhost:1/berth-test-${stack.install}:t`;
  first = await commit("VOLUME /first");
  second = await commit("VOLUME /second", "USER 4321", 'ENTRYPOINT ["/bin/false"]');
  await stack.docker("tag", first, name);
  file = await stack.apply(host(sleeper("web", `    image: "${name}"\n`)));
});
afterAll(async () => {
  await stack.close();
  for (const image of [name, first, second]) await stack.docker("rmi", "-f", image).catch(() => "");
});
beforeEach(async () => {
  await stack.docker("tag", first, name);
  await look.healthy("web");
});

/** An image of its own, made in a moment. */
async function commit(...changes: readonly string[]): Promise<string> {
  const base = await stack.docker("create", "debian:bookworm-slim", "true");
  try {
    const options = [...changes, `LABEL of=${stack.install}`].flatMap((each) => ["-c", each]);
    return await stack.docker("commit", ...options, base);
  } finally {
    await stack.docker("rm", base);
  }
}

/** Steps journalled from now on. */
async function stepsFromNow(): Promise<() => Promise<readonly string[]>> {
  const since = Number((await look.steps("web")).at(-1)?.id ?? 0);
  return async () =>
    (await look.steps("web")).filter(({ id }) => Number(id) > since).map(({ kind }) => kind);
}

/** Kills the project's container and waits until the same one runs again. */
async function killed(): Promise<void> {
  const before = await look.container("web");
  await stack.docker("kill", before.Id);
  await eventually("the same container runs again", async () => {
    const { Id, State } = await look.container("web");
    expect(Id).toBe(before.Id);
    return State.Status === "running" && State.StartedAt !== before.State.StartedAt
      ? true
      : undefined;
  });
  await look.healthy("web");
}

const nothingToDo = async (): Promise<void> => {
  const planned = await stack.berth("plan", "-f", file, "--detailed-exitcode");
  expect([planned.code, planned.stdout]).toEqual([0, expect.stringContaining("nothing to do")]);
};

/** What `describe` notes of the project. */
const notes = async (): Promise<string> =>
  (await stack.json<Description>("describe", "web")).notes.join("\n");

test("without its name a project stays healthy, and its crashes are repaired, also by a daemon that never saw the name", async () => {
  const steps = await stepsFromNow();
  await stack.docker("rmi", "-f", name);
  await killed();
  await nothingToDo();
  await stack.killDaemon();
  const before = await look.container("web");
  await stack.docker("kill", before.Id);
  await stack.startDaemon();
  await look.healthy("web");
  expect((await look.container("web")).Id).toBe(before.Id);
  expect(await steps()).toEqual([
    "prepare-spool",
    "start-container",
    "prepare-spool",
    "start-container",
  ]);
  expect(await look.project("web")).toMatchObject({ fault: null, reasons: [] });
  expect(await notes()).toContain(`image ${name} is no longer on this host`);
});

test("a new container needs the name: without it the project fails by that reason, until the name is back", async () => {
  const { Id } = await look.container("web");
  await stack.docker("rmi", "-f", name);
  await stack.docker("rm", "-f", Id);
  const failed = await look.until("web", ({ fault }) => fault !== null);
  expect(failed.reasons.join()).toContain(name);
  await stack.docker("tag", first, name);
  await look.healthy("web");
  expect((await look.container("web")).Id).not.toBe(Id);
});

test("a name that means another image by now changes nothing, until a new container is asked for: then the cause names it", async () => {
  const before = await look.container("web");
  const steps = await stepsFromNow();
  await stack.docker("tag", second, name);
  await killed();
  await nothingToDo();
  expect(await steps()).toEqual(["prepare-spool", "start-container"]);
  const [now, was] = [second, first].map((id) => id.replace("sha256:", "").slice(0, 12));
  expect(await notes()).toContain(
    `image ${name} means ${now} by now, its container runs on ${was}`,
  );

  const since = Number((await look.steps("web")).at(-1)?.id ?? 0);
  await stack.ok("restart", "web");
  await eventually("a new container", async () =>
    (await look.container("web")).Id === before.Id ? undefined : true,
  );
  await look.healthy("web");
  const removed = (await look.steps("web")).find(
    ({ id, kind }) => Number(id) > since && kind === "remove-container",
  );
  expect(removed).toMatchObject({ cause: "changed: image, mounts, restart", external: false });
  const { Image } = await look.container("web");
  expect(Image).toBe(second);
  expect(await stack.ok("exec", "web", "--", "id", "-u")).toBe("4321\n");

  // Back to the first one, for the tests after this.
  await stack.docker("tag", first, name);
  await stack.ok("restart", "web");
  await eventually("the first image again", async () =>
    (await look.container("web")).Image === first ? true : undefined,
  );
});

test("a stopped container starts again although the engine has forgotten its image", async () => {
  const { Id } = await look.container("web");
  await stack.ok("pause", "web", "--stop");
  await stack.docker("rmi", "-f", name);
  await expect(stack.docker("image", "inspect", first)).rejects.toThrow(/no such image/i);
  await stack.ok("resume", "web");
  await look.healthy("web");
  expect((await look.container("web")).Id).toBe(Id);
});
