/** Parses what was typed after a verb with commander, and turns its complaints into usage errors with the nearest word. */
import { Command, CommanderError, Option } from "commander";
import type { BerthError } from "../base/errors.ts";
import { nearest } from "../declare/nearest.ts";
import { type Given, usage } from "./context.ts";
import { FORMATS, STREAM_FORMATS } from "./output.ts";
import type { Verb } from "./verb.ts";

export type Parsed =
  | Readonly<{ kind: "help"; text: string }>
  | Readonly<{ kind: "given"; given: Given }>;

/** Parses `words` for one verb; throws usage errors. */
export async function parseWords(
  name: string,
  verb: Verb,
  words: readonly string[],
): Promise<Parsed> {
  let written = "";
  const command = verb.define(new Command(`berth ${name}`));
  command
    .exitOverride()
    .allowExcessArguments(false)
    .configureOutput({ writeOut: (text) => (written += text), writeErr: () => undefined })
    .helpOption("-h, --help", "show this help")
    .showSuggestionAfterError(false)
    .passThroughOptions(verb.takesCommand === true);
  addCommon(command, verb);
  command.addHelpText(
    "after",
    `\nExamples:\n${verb.examples.map((line) => `  ${line}`).join("\n")}`,
  );
  command.action(() => undefined);
  try {
    await command.parseAsync([...words], { from: "user" });
    return { kind: "given", given: givenOf(command, await lateOptions(command, verb, words)) };
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0)
      return { kind: "help", text: written };
    throw thrown instanceof CommanderError ? complaint(name, command, thrown) : thrown;
  }
}

/**
 * The arguments; before a command line, options may also stand behind the first of them (`exec web -it -- sh`). commander hands
 * those on as if they were the command, but no command begins with a dash.
 */
async function lateOptions(
  command: Command,
  { takesCommand }: Verb,
  words: readonly string[],
): Promise<readonly string[]> {
  const [first, second, ...rest] = command.args;
  const isLate = takesCommand === true && second?.startsWith("-") === true && second !== "--";
  if (first === undefined || second === undefined || !isLate) return command.args;
  const early = words.slice(0, words.length - command.args.length);
  await command.parseAsync([...early, second, ...rest], { from: "user" });
  return [first, ...command.args];
}

function addCommon(command: Command, verb: Verb): void {
  if (verb.output !== "none") {
    const [forms, said] =
      verb.output === "stream"
        ? [STREAM_FORMATS, "form of each line; json and ndjson are the same"]
        : [FORMATS, "form of the answer"];
    command.addOption(new Option("-o, --output <format>", said).choices(forms));
    command.option("--json", verb.output === "stream" ? "a JSON line each" : "as -o json");
  }
  command
    .option("-H, --host <address>", "the daemon's address (BERTH_HOST)")
    .option("--reason <text>", "why, for the audit record")
    .addOption(
      new Option("--color <when>", "when to use colour").choices(["auto", "always", "never"]),
    )
    .addOption(
      new Option("--progress <mode>", "how progress appears on stderr").choices([
        "auto",
        "tty",
        "plain",
        "json",
        "quiet",
      ]),
    );
}

function givenOf(command: Command, args: readonly string[]): Given {
  const options: Readonly<Record<string, unknown>> = command.opts();
  return {
    args,
    list: (name) => {
      const value = options[name];
      return Array.isArray(value) ? value.map(String) : [];
    },
    flag: (name) => options[name] === true,
    text: (name) => {
      const value = options[name];
      return typeof value === "string" ? value : null;
    },
  };
}

function complaint(name: string, command: Command, error: CommanderError): BerthError {
  const detail = error.message.replace(/^error: /, "");
  const unknown = /unknown option '(-[^']+)'/.exec(detail)?.[1];
  const hint = `berth ${name} --help shows what it takes`;
  if (unknown === undefined) return usage(detail, hint);
  const flags = command.options.flatMap((option) =>
    [option.long, option.short].filter((flag) => typeof flag === "string"),
  );
  const meant = nearest(unknown, flags);
  return usage(
    `berth ${name} has no option ${unknown}`,
    meant === null ? hint : `did you mean ${meant}?`,
  );
}
