/** `berth logs`: output of agents, of many projects at once, also of containers that are gone. */
import { BerthError } from "../../base/errors.ts";
import type { ApiOutputLine } from "../../schema/api-record.ts";
import { type Context, type Given, usage } from "../context.ts";
import { countOf, momentOf } from "../duration.ts";
import { targetOf } from "../target.ts";
import type { Verb } from "../verb.ts";

export const logs: Verb = {
  output: "stream",
  examples: [
    "berth logs web -f",
    "berth logs web/coder --tail 100 -t",
    "berth logs --since 10m --grep error",
  ],
  define: (command) =>
    command
      .description("Print output of agents, oldest first; of all projects when none is named.")
      .argument("[project[/agent]...]")
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
  const targets = given.args.map(targetOf);
  const tail = countOf(given, "tail");
  const since = momentOf(given, "since", context.io.now());
  const until = momentOf(given, "until", context.io.now());
  const agents = new Set(targets.map((target) => target.agent));
  const [agent] = agents;
  const query = {
    project: [...new Set(targets.map((target) => target.project))],
    // one agent name for all can be left to the daemon, different ones are picked here
    ...(agents.size === 1 && typeof agent === "string" ? { agent } : {}),
    ...(tail === null ? {} : { tail }),
    ...(since === null ? {} : { since }),
    ...(until === null ? {} : { until }),
    previous: String(given.flag("previous")),
    follow: String(given.flag("follow")),
  };
  const matches = patternOf(given.text("grep"));
  const wanted = (line: ApiOutputLine): boolean =>
    matches(line.text) &&
    (targets.length === 0 ||
      targets.some(
        (target) => target.project === line.project && (target.agent ?? line.agent) === line.agent,
      ));
  const render = rendererOf(context, {
    timestamps: given.flag("timestamps"),
    several: query.project.length !== 1,
  });
  const client = await context.client();
  for await (const line of client.logs(query))
    if (wanted(line)) await context.print.answer(render(line));
  if (!given.flag("follow") || context.signal.aborted) return 0;
  throw new BerthError("transient", {
    code: "cli.stream-ended",
    detail: "the daemon ended the stream",
    hint: "try again",
  });
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
  { format, style }: Context,
  { timestamps, several }: Look,
): (line: ApiOutputLine) => string {
  if (format === "ndjson") return (line) => `${JSON.stringify(line)}\n`;
  return (line) => {
    const time = timestamps ? `${style.dim(new Date(line.at).toISOString())} ` : "";
    const speaker = `${several ? `${line.project}/` : ""}${line.agent}#${line.replica}`;
    const text = line.stream === "stderr" ? style.yellow(line.text) : line.text;
    return `${time}${style.named(speaker)(speaker)} | ${text}\n`;
  };
}
