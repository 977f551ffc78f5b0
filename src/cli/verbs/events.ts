/** `berth events`: what happened, and with `-f` what happens. */
import { withoutControls } from "../../base/controls.ts";
import type { Client, Event } from "../../client/client.ts";
import { BerthError } from "../../base/errors.ts";
import type { Context, Given } from "../context.ts";
import { countOf } from "../duration.ts";
import { timeText } from "../format.ts";
import type { Verb } from "../verb.ts";

const SHOWN = 50;

export const events: Verb = {
  output: "stream",
  examples: ["berth events", "berth events web -f", "berth events --kind agent.exited --json"],
  define: (command) =>
    command
      .description("List the last events, oldest first; follow new ones with -f.")
      .argument("[project]")
      .option("-f, --follow", "go on with what happens")
      .option("-n, --tail <count>", "how many of the past (default 50)")
      .option("--kind <kind>", "only this kind, for instance agent.exited or drift.found"),
  run,
};

async function run(context: Context, given: Given): Promise<number> {
  const client = await context.client();
  const [project] = given.args;
  const kind = given.text("kind");
  const filter = {
    ...(project === undefined ? {} : { project }),
    ...(kind === null ? {} : { kind }),
  };
  const limit = countOf(given, "tail") ?? SHOWN;
  const newest = await client.events({ ...filter, order: "newest", limit: Math.max(1, limit) });
  const past = newest.items.toReversed();
  for (const event of past.slice(past.length - Math.min(limit, past.length)))
    await show(context, event);
  if (project !== undefined && past.length === 0) await tellUnknown(context, client, project);
  if (!given.flag("follow")) return 0;
  const last = past.at(-1)?.id;
  for await (const event of client.follow({
    ...filter,
    ...(last === undefined ? {} : { after: last }),
  }))
    await show(context, event);
  if (context.signal.aborted) return 0;
  throw new BerthError("transient", {
    code: "cli.stream-ended",
    detail: "the daemon ended the stream",
    hint: "try again",
  });
}

/** Silence about a name that was mistyped would look like an answer; a project that is yet to come may be waited for. */
async function tellUnknown({ print }: Context, client: Client, project: string): Promise<void> {
  try {
    await client.project(project);
  } catch (thrown) {
    if (!(thrown instanceof BerthError) || thrown.kind !== "usage") throw thrown;
    const hint = thrown.hint === undefined ? "" : ` (${thrown.hint})`;
    await print.note(`${thrown.message}, nor is any event of one kept${hint}`);
  }
}

async function show({ print, format, style }: Context, event: Event): Promise<void> {
  if (format === "ndjson") {
    await print.answerLine(JSON.stringify(event));
    return;
  }
  const project = event.project === null ? "" : `${style.named(event.project)(event.project)} `;
  const cause = event.cause === "daemon" ? "" : style.yellow(` [${event.cause}]`);
  await print.answerLine(
    `${style.dim(timeText(event.at))} ${project}${style.bold(event.kind)}${cause} ${withoutControls(event.message)}`,
  );
}
