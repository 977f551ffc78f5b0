/** `berth exec PROJECT -- CMD`: a command in the project's container, with its exit code. */
import { type Context, type Given, usage } from "../context.ts";
import { projectOf } from "../target.ts";
import { runTerminal } from "../terminal.ts";
import type { Verb } from "../verb.ts";

/** The command ended, but the engine cannot say how. */
const UNKNOWN_CODE = 255;

export const exec: Verb = {
  output: "none",
  takesCommand: true,
  examples: [
    "berth exec -it web -- sh",
    "berth exec web -- git status",
    "tar c . | berth exec -i web -- tar x -C /workspace",
  ],
  define: (command) =>
    command
      .description(
        "Run a command as the agents' user inside a project's container; exits with the command's code.",
      )
      .argument("<project>")
      .argument("[command...]", "after --, the whole command line")
      .option("-i, --interactive", "pass stdin on")
      .option("-t, --tty", "give the command a terminal")
      .option("--root", "as root; recorded in the audit")
      .option(
        "-E, --set <name=value>",
        "a variable of the command's environment; may repeat",
        collect,
        [],
      ),
  run,
};

async function run(context: Context, given: Given): Promise<number> {
  const [word = "", ...words] = given.args;
  // commander keeps the `--` that ends our own options once an argument came before it
  const argv = words[0] === "--" ? words.slice(1) : words;
  if (argv.length === 0)
    throw usage("there is no command after --", "for instance berth exec -it web -- sh");
  const { io } = context;
  const tty = given.flag("tty");
  if (tty && (io.stdin.isTTY !== true || io.stdout.isTTY !== true))
    throw usage("-t needs a terminal on stdin and stdout", "leave -t away");
  const code = await runTerminal(context, {
    project: projectOf(word),
    argv,
    tty,
    interactive: given.flag("interactive"),
    root: given.flag("root"),
    environment: variablesOf(given.list("set"), tty ? io.env["TERM"] : undefined),
    reason: given.text("reason"),
  });
  if (code !== null) return code;
  await context.print.note("the command ended, but its exit code is not known");
  return UNKNOWN_CODE;
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function variablesOf(words: readonly string[], term: string | undefined): Record<string, string> {
  const environment: Record<string, string> = term === undefined ? {} : { TERM: term };
  for (const word of words) {
    const at = word.indexOf("=");
    if (at <= 0) throw usage(`--set ${word} is not NAME=VALUE`);
    environment[word.slice(0, at)] = word.slice(at + 1);
  }
  return environment;
}
