/** The runner boots from the spool alone, in any image, and starts processes quickly. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { configOf, docker, shell, World } from "./harness.ts";

const world = new World("boot");
beforeAll(() => world.setUp());
afterAll(() => world.dispose());

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
  });
  expect(await project.output(exited.run)).toBe("out\n");
  expect(await project.output(exited.run, "stderr")).toBe("err\n");
  console.log(await docker("logs", project.container));
});
