/** `berth logs`: output of agents, of many projects at once, also of containers that are gone. */
import { BerthError } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import type { ApiOutputLine } from "../../schema/api-record.ts";
import { type Context, type Given, usage } from "../context.ts";
import { lineFor } from "../io.ts";
import { countOf, momentOf } from "../duration.ts";
import { type ReplicaTarget, replicaTargetOf } from "../target.ts";
import type { Verb } from "../verb.ts";

export const logs: Verb = {
  output: "stream",
  examples: [
    "berth logs web -f",
    "berth logs web/coder --tail 100 -t",
    "berth logs web/coder#1 -f --json",
    "berth logs --since 10m --grep error",
  ],
  define: (command) =>
    command
      .description("Print output of agents, oldest first; of all projects when none is named.")
      .argument("[project[/agent[#replica]]...]")
      .option("-f, --follow", "go on with what is printed from now on")
      .option("--since <when>", "only from this time on: 10m, or 2026-01-31T12:00:00Z")
      .option("--until <when>", "only up to this time")
      .option("-n, --tail <count>", "only the last lines of each project")
      .option("-t, --timestamps", "put the time before each line")
      .option(
        "--grep <pattern>",
        "only lines that match this regular expression, among those --tail leaves",
      )
      .option("--previous", "only the run before the current one of each agent"),
  run,
};

async function run(context: Context, given: Given): Promise<number> {
  const targets = given.args.map(replicaTargetOf);
  const until = momentOf(given, "until", context.io.now());
  const query = { ...narrowed(targets), ...rangeOf(context, given, until) };
  const matches = patternOf(given.text("grep"));
  const render = rendererOf(context, {
    timestamps: given.flag("timestamps"),
    several: query.project.length !== 1,
  });
  const client = await context.client();
  if (query.agent === undefined) await refuseUnknown(client, targets);
  for await (const line of client.logs(query))
    if (matches(line.text) && isOfAny(targets, line)) await context.print.answer(render(line));
  if (!given.flag("follow") || context.signal.aborted) return 0;
  if (until !== null && context.io.now() >= until) return 0;
  throw new BerthError("transient", {
    code: "cli.stream-ended",
    detail: "the daemon ended the stream",
    hint: "try again",
  });
}

function rangeOf({ io }: Context, given: Given, until: number | null) {
  const follow = given.flag("follow");
  const previous = given.flag("previous");
  if (follow && previous)
    throw usage("--previous shows runs that have ended: there is nothing to follow");
  const tail = countOf(given, "tail");
  const since = momentOf(given, "since", io.now());
  return {
    ...(tail === null ? {} : { tail }),
    ...(since === null ? {} : { since }),
    ...(until === null ? {} : { until }),
    previous: String(previous),
    follow: String(follow),
  };
}

/** One agent, or one replica, for all projects can be left to the daemon; different ones are picked here. */
function narrowed(targets: readonly ReplicaTarget[]) {
  const project = [...new Set(targets.map((target) => target.project))];
  const agents = new Set(targets.map((target) => target.agent));
  const replicas = new Set(targets.map((target) => target.replica));
  const [agent] = agents;
  const [replica] = replicas;
  return {
    project,
    ...(agents.size === 1 && typeof agent === "string" ? { agent } : {}),
    ...(agents.size === 1 && replicas.size === 1 && typeof replica === "number" ? { replica } : {}),
  };
}

function isOfAny(targets: readonly ReplicaTarget[], line: ApiOutputLine): boolean {
  return (
    targets.length === 0 ||
    targets.some(
      ({ project, agent, replica }) =>
        project === line.project &&
        (agent ?? line.agent) === line.agent &&
        (replica ?? line.replica) === line.replica,
    )
  );
}

/** The daemon refuses an agent it never heard of only when it is asked for that one: here with no line of it. */
async function refuseUnknown(client: Client, targets: readonly ReplicaTarget[]): Promise<void> {
  for (const { project, agent } of targets)
    if (agent !== null) await client.logs({ project: [project], agent, tail: 0 }).next();
}

function patternOf(pattern: string | null): (text: string) => boolean {
  if (pattern === null) return () => true;
  try {
    const expression = new RegExp(pattern, "u");
    return (text) => expression.test(text);
  } catch (cause) {
    throw usage(
      `--grep ${pattern} is not a regular expression: ${cause instanceof Error ? cause.message : ""}`,
    );
  }
}

interface Look {
  readonly timestamps: boolean;
  /** More than one project may speak: each line names its own. */
  readonly several: boolean;
}

function rendererOf(
  { format, style, io }: Context,
  { timestamps, several }: Look,
): (line: ApiOutputLine) => string {
  if (format === "ndjson") return (line) => `${JSON.stringify(line)}\n`;
  return (line) => {
    const time = timestamps ? `${style.dim(new Date(line.at).toISOString())} ` : "";
    const speaker = `${several ? `${line.project}/` : ""}${line.agent}#${line.replica}`;
    const said = lineFor(io.stdout, line.text);
    const text = line.stream === "stderr" ? style.yellow(said) : said;
    return `${time}${style.named(speaker)(speaker)} | ${text}\n`;
  };
}
