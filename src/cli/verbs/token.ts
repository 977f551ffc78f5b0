/** `berth token`: makes, lists and revokes access tokens. */
import { SCOPES, type Scope } from "../../model/access.ts";
import type { Token } from "../../client/tokens.ts";
import { type Context, type Given, usage } from "../context.ts";
import { futureOf } from "../duration.ts";
import { ageText, timeText } from "../format.ts";
import { printList, printOne, printResult } from "../output.ts";
import type { Verb } from "../verb.ts";

export const token: Verb = {
  output: "formats",
  examples: [
    "berth token create laptop --scope admin --expires 30d",
    "berth token create ci --scope run --project web",
    "berth token list",
    "berth token revoke laptop",
  ],
  define: (command) =>
    command
      .description(
        "create NAME      make a token and print it, this once; it is kept only as a hash\n" +
          "list             tokens, newest first, with those that ended lately\n" +
          "revoke NAME|ID   end one; it opens nothing any more within a second",
      )
      .argument("<verb>", "create, list or revoke")
      .argument("[word...]")
      .option("--scope <scope>", `create: ${SCOPES.join(", ")}; each holds those before it`)
      .option("--project <project>", "create: for this project only; default: the whole host")
      .option("--expires <when>", "create: a duration from now, or a time; default: never"),
  run: (context, given) => {
    const [word = "", ...words] = given.args;
    const verb = Object.hasOwn(VERBS, word) ? VERBS[word] : undefined;
    if (verb !== undefined) return verb(context, words, given);
    throw usage(`berth token has no ${word}`, `it has ${Object.keys(VERBS).join(", ")}`);
  },
};

type Part = (context: Context, words: readonly string[], given: Given) => Promise<number>;

const VERBS: Readonly<Record<string, Part>> = { create, list, revoke };

async function create(context: Context, words: readonly string[], given: Given): Promise<number> {
  const name = oneOf("create", words);
  const made = await (
    await context.client()
  ).createToken({
    name,
    scope: scopeOf(given.text("scope")),
    project: given.text("project"),
    expiresAt: futureOf(given, "expires", context.io.now()),
  });
  await printOne(context, made, {
    name: made.secret,
    text: () => [made.secret, ...(made.page === null ? [] : [made.page])].join("\n"),
  });
  if (context.format === "table" || context.format === "wide")
    await context.print.note(
      `${name} may ${rights(made.token)}${until(made.token)}; keep it, it is not shown again`,
    );
  return 0;
}

async function list(context: Context, words: readonly string[]): Promise<number> {
  if (words.length > 0) throw usage("berth token list takes no argument");
  const found = await (await context.client()).tokens();
  const now = context.io.now();
  await printList(context, found, {
    name: (row) => row.name,
    empty: "no tokens; berth token create makes one",
    columns: [
      { title: "NAME", cell: (row) => row.name },
      { title: "ID", cell: (row) => row.id },
      { title: "SCOPE", cell: (row) => row.scope },
      { title: "PROJECT", cell: (row) => row.project ?? "(host)" },
      { title: "AGE", cell: (row) => ageText(now - row.createdAt), right: true },
      { title: "BY", cell: (row) => row.createdBy },
      { title: "STATE", cell: (row) => stateOf(row, now) },
    ],
  });
  return 0;
}

async function revoke(context: Context, words: readonly string[]): Promise<number> {
  const gone = await (await context.client()).revokeToken(oneOf("revoke", words));
  await printResult(context, gone, { name: gone.name, text: `${gone.name} (${gone.id}) revoked` });
  return 0;
}

function stateOf({ revokedAt, expiresAt }: Token, now: number): string {
  if (revokedAt !== null) return `revoked ${timeText(revokedAt)}`;
  if (expiresAt === null) return "live";
  return expiresAt > now ? `live until ${timeText(expiresAt)}` : `expired ${timeText(expiresAt)}`;
}

function rights({ scope, project }: Token): string {
  const where = project === null ? "on the whole host" : `in ${project}`;
  if (scope === "read") return `look at everything ${where}`;
  if (scope === "run") return `look and work with tasks ${where}`;
  return `do everything ${where}`;
}

function until({ expiresAt }: Token): string {
  return expiresAt === null ? "" : ` until ${timeText(expiresAt)}`;
}

function scopeOf(text: string | null): Scope {
  const scope = SCOPES.find((one) => one === text);
  if (scope !== undefined) return scope;
  throw usage(
    text === null ? "a token needs a --scope" : `--scope ${text} is none`,
    `one of ${SCOPES.join(", ")}: look; also work with tasks; everything`,
  );
}

function oneOf(verb: string, words: readonly string[]): string {
  const [word, more] = words;
  if (word === undefined || more !== undefined) throw usage(`berth token ${verb} takes one name`);
  return word;
}
