/** `berth rollback [GENERATION]`: what was declared as of an earlier generation becomes a new one. */
import type { Client } from "../../client/client.ts";
import { confirm } from "../confirm.ts";
import { type Context, type Given, usage } from "../context.ts";
import { durationOf } from "../duration.ts";
import { printResult } from "../output.ts";
import type { Verb } from "../verb.ts";
import { waitFor } from "../wait.ts";

const TIMEOUT_MS = 300_000;

export const rollback: Verb = {
  output: "formats",
  examples: ["berth rollback", "berth rollback 12 --wait -y"],
  define: (command) =>
    command
      .description(
        "Accept again all that was declared as of an earlier generation, as a new one; without a number, the one before the current.",
      )
      .argument("[generation]")
      .option("--wait", "follow until every project is settled")
      .option("--timeout <duration>", "how long --wait waits (default 5m)")
      .option("-y, --yes", "do not ask"),
  run,
};

async function run(context: Context, given: Given): Promise<number> {
  const timeoutMs = durationOf(given, "timeout", TIMEOUT_MS);
  const client = await context.client();
  const [word] = given.args;
  if (word !== undefined && !/^[1-9]\d{0,8}$/.test(word))
    throw usage(`${word} is not a generation`, "see berth history");
  const generation = word === undefined ? await previous(client) : Number(word);
  await confirm(context, given, `Return to generation ${generation}?`);
  const applied = await client.rollback(generation);
  if (applied.pruned.length > 0)
    await context.print.note(`deactivated: ${applied.pruned.join(", ")}`);
  if (given.flag("wait")) await waitFor(context, { names: applied.projects, timeoutMs });
  const text = applied.changed
    ? `generation ${applied.generation} is generation ${generation} again`
    : `nothing to do: generation ${generation} is what is in force`;
  await printResult(context, applied, { name: String(applied.generation), text });
  return 0;
}

async function previous(client: Client): Promise<number> {
  const [, before] = await client.history(2);
  if (before === undefined)
    throw usage("there is no earlier generation to return to", "see berth history");
  return before.generation;
}
