/** Reads the declaration the operator means, checks it here for exact positions, and makes the bundle that is sent. */
import { counted } from "../base/count.ts";
import type { Command } from "commander";
import { BerthError, type ProblemFact } from "../base/errors.ts";
import type { Loaded } from "../declare/bundle-files.ts";
import type { Problem } from "../declare/problem.ts";
import type { Bundle } from "../model/bundle.ts";
import { type Context, type Given, usage } from "./context.ts";
import { variableOf } from "./io.ts";

/** The name of what was read from there, within a bundle. */
const STDIN = "-";

/** Adds the options that say which declaration is meant. */
export function withDeclaration(command: Command): Command {
  return command
    .option(
      "-f, --file <path>",
      "host file, project file, directory, or - for stdin; else berth.yaml upward from here",
      once("-f", "a host file includes others; a directory holds several projects"),
    )
    .option(
      "-e, --env <name>",
      "overlay berth.<name>.yaml beside the host file (BERTH_ENV)",
      once("-e", "one overlay at a time"),
    );
}

/** Of two values commander takes the last one in silence; here the first one would be what the operator misses. */
function once(flag: string, hint: string): (value: string, before?: string) => string {
  return (value, before) => {
    if (before === undefined) return value;
    throw usage(`${flag} is given twice: ${before} and ${value}`, hint);
  };
}

/** The declaration, parsed, with its texts as on disk. Throws declaration (65) with every problem. */
export async function readDeclaration(context: Context, given: Given) {
  return parsed(await load(context, given), context);
}

/**
 * The bundle to send, every text interpolated with this environment. The daemon checks it: the schemas would take most of
 * this program's start. `explained` says what is wrong with it when the daemon will not take it.
 */
export async function readBundle(context: Context, given: Given): Promise<Sendable> {
  const loaded = await load(context, given);
  if (loaded.problems.length > 0) await parsed(loaded, context);
  return {
    bundle: await interpolated(loaded, context),
    explained: async (send) => {
      try {
        return await send();
      } catch (thrown) {
        await parsed(loaded, context);
        throw thrown;
      }
    },
  };
}

export interface Sendable {
  readonly bundle: Bundle;
  /** Whatever fails: a declaration that is wrong is told first, with positions in the files as they were written. */
  readonly explained: <T>(send: () => Promise<T>) => Promise<T>;
}

async function load({ io }: Context, given: Given): Promise<Loaded> {
  const { loadBundle } = await import("../declare/load.ts");
  const path = given.text("file") ?? undefined;
  return loadBundle(path, {
    env: io.env,
    environmentName: given.text("env") ?? variableOf(io.env, "BERTH_ENV"),
    cwd: io.cwd,
    stdin: path === STDIN ? io.stdin : null,
  });
}

async function parsed({ bundle, problems }: Loaded, { io }: Context) {
  const { parseBundle } = await import("../declare/parse.ts");
  const result = parseBundle(bundle, { environment: io.env, found: problems });
  if (!result.ok) throw await notValid(result.problems, bundle);
  return { bundle, declaration: result.declaration, origins: result.origins };
}

async function interpolated(loaded: Loaded, context: Context): Promise<Bundle> {
  const { bundle } = loaded;
  // Most files name no variable; and what else may be wrong with them the daemon sees.
  if (Object.values(bundle.files).every((text) => !text.includes("$"))) return bundle;
  const { interpolateText } = await import("../declare/interpolate-text.ts");
  const files: Record<string, string> = {};
  const problems: Problem[] = [];
  for (const [name, text] of Object.entries(bundle.files)) {
    const done = interpolateText(name, text, context.io.env);
    if (done.ok) files[name] = done.text;
    else problems.push(...done.problems);
  }
  if (problems.length > 0) {
    // Parsing finds these too, and whatever else is wrong.
    await parsed(loaded, context);
    throw await notValid(problems, bundle);
  }
  return { ...bundle, files };
}

async function notValid(problems: readonly Problem[], bundle: Bundle): Promise<BerthError> {
  const { renderSnippet } = await import("../declare/render.ts");
  const facts = problems.map((problem): ProblemFact => {
    const text = Object.hasOwn(bundle.files, problem.file) ? bundle.files[problem.file] : undefined;
    return {
      code: problem.code,
      message: problem.message,
      path: `${problem.file === STDIN ? "stdin" : problem.file}:${problem.line}:${problem.column}`,
      hint: problem.hint,
      snippet: renderSnippet(problem, text) ?? undefined,
    };
  });
  return new BerthError("declaration", {
    code: "cli.declaration-not-valid",
    detail: `the declaration has ${counted(facts.length, "problem")}`,
    path: facts[0]?.path,
    problems: facts,
  });
}
