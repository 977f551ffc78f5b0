/** `berth scale PROJECT/AGENT=N`: replicas until the declaration changes them. */
import type { Steering } from "../../client/client.ts";
import { type Context, type Given, usage } from "../context.ts";
import { durationOf } from "../duration.ts";
import { printResult } from "../output.ts";
import { targetOf } from "../target.ts";
import type { Verb } from "../verb.ts";
import { waitFor } from "../wait.ts";
import { withWait } from "./lifecycle.ts";

const TIMEOUT_MS = 120_000;

export const scale: Verb = {
  output: "formats",
  examples: ["berth scale web/coder=3", "berth scale web/coder=3 web/tester=0"],
  define: (command) =>
    withWait(command)
      .description("Run this many replicas of an agent, until a declaration changes the number.")
      .argument("<project/agent=count...>"),
  run,
};

async function run(context: Context, given: Given): Promise<number> {
  const asked = given.args.map(wordOf);
  const timeoutMs = durationOf(given, "timeout", TIMEOUT_MS);
  const client = await context.client();
  for (const steering of asked) await client.steer(steering);
  const names = [...new Set(asked.map((steering) => steering.project))];
  if (given.flag("wait")) await waitFor(context, { names, timeoutMs });
  for (const { project, agent, body } of asked) {
    const view = await client.project(project);
    const text = `${project}/${agent} scaled to ${String(body?.["replicas"])}`;
    await printResult(context, view, { name: `${project}/${agent}`, text });
  }
  return 0;
}

function wordOf(word: string): Steering {
  const [left = "", count = ""] = word.split("=");
  const { project, agent } = targetOf(left);
  if (agent === null || !/^\d{1,4}$/.test(count))
    throw usage(`${word} is not PROJECT/AGENT=COUNT`, "for instance web/coder=3");
  return { project, agent, verb: "scale", body: { replicas: Number(count) } };
}
