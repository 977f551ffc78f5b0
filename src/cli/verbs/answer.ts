/** `berth answer`: lists what agents ask, and answers one of them. */
import { withoutControls } from "../../base/controls.ts";
import { MAX_ANSWER_BYTES } from "../../model/question.ts";
import type { Client } from "../../client/client.ts";
import type { Question } from "../../client/questions.ts";
import { firstLine } from "../confirm.ts";
import { type Context, type Given, usage } from "../context.ts";
import { ageText } from "../format.ts";
import { printList, printResult } from "../output.ts";
import type { Column } from "../table.ts";
import type { Verb } from "../verb.ts";

const PAGE = 500;
/** More open questions than this are not listed: nobody reads on. */
const MOST = 2_000;

export const answer: Verb = {
  output: "formats",
  examples: [
    "berth answer",
    "berth answer 12 yes",
    "berth answer 12          # on a terminal: shows the question and asks for the answer",
    "berth answer 12 - < plan.md",
    "berth answer --project web --all --json",
  ],
  define: (command) =>
    command
      .description(
        "List the questions that agents ask, or answer one. An agent asks with berth-agent ask, and gets the answer once.",
      )
      .argument("[id]", "the question")
      .argument("[text]", "the answer; - reads it from stdin")
      .option("--project <name>", "list: only of this project")
      .option("--all", "list: answered and withdrawn ones too"),
  run: (context, given) => {
    const [id, text] = given.args;
    return id === undefined ? list(context, given) : reply(context, id, text);
  },
};

async function list(context: Context, given: Given): Promise<number> {
  const project = given.text("project");
  const all = given.flag("all");
  const query = {
    ...(project === null ? {} : { project }),
    ...(all ? {} : { state: "open" as const }),
  };
  const client = await context.client();
  const found: Question[] = [];
  for (let cursor: string | null = ""; cursor !== null && found.length < MOST;) {
    const page = await client.questions({
      ...query,
      ...(cursor === "" ? {} : { cursor }),
      limit: PAGE,
    });
    found.push(...page.items);
    cursor = page.next;
  }
  // Who has waited longest comes first.
  await printList(context, found.toReversed(), {
    columns: columnsOf(context, all),
    name: (question) => question.id,
    empty: "nobody asks anything",
  });
  return 0;
}

function columnsOf({ io, style }: Context, all: boolean): readonly Column<Question>[] {
  const state: Column<Question> = { title: "STATE", cell: (question) => question.state };
  const said: Column<Question> = {
    title: "ANSWER",
    cell: ({ answer: text, withdrawnReason }) => text ?? withdrawnReason ?? "",
  };
  return [
    { title: "ID", cell: ({ id }) => id, paint: (_question, text) => style.bold(text) },
    {
      title: "AGENT",
      cell: ({ project, agent, task }) =>
        `${project}/${agent}${task === null ? "" : ` task ${task}`}`,
    },
    { title: "AGE", cell: ({ askedAt }) => ageText(io.now() - askedAt), right: true },
    { title: "RUN", cell: ({ run }) => run, wide: true },
    { title: "WAITS", cell: ({ waits }) => (waits ? "yes" : "no"), wide: true },
    ...(all ? [state, said] : []),
    { title: "CHOICES", cell: ({ choices }) => (choices.length === 0 ? "-" : choices.join(", ")) },
    { title: "QUESTION", cell: ({ text }) => text },
  ];
}

async function reply(context: Context, id: string, word: string | undefined): Promise<number> {
  const client = await context.client();
  const text =
    word === undefined ? await asked(context, client, id) : await sentence(context, word);
  if (Buffer.byteLength(text) > MAX_ANSWER_BYTES)
    throw usage(`an answer has at most ${MAX_ANSWER_BYTES} bytes`);
  const answered = await client.answer(id, text);
  const { project, agent } = answered;
  await printResult(context, answered, {
    name: id,
    text: `question ${id} of ${project}/${agent} is answered`,
  });
  return 0;
}

async function sentence({ io }: Context, word: string): Promise<string> {
  if (word !== "-") return word;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of io.stdin) {
    const part = Buffer.from(chunk);
    bytes += part.length;
    chunks.push(part);
    if (bytes > MAX_ANSWER_BYTES + 1) break;
  }
  // The line break at the end of a file is not part of what it says.
  return Buffer.concat(chunks).toString("utf8").replace(/\n$/, "");
}

/** Shows the question and takes one line. */
async function asked(context: Context, client: Client, id: string): Promise<string> {
  const { io, print } = context;
  if (io.stdin.isTTY !== true || io.stderr.isTTY !== true)
    throw usage("berth answer wants the text", "give it after the id, or - to read it from stdin");
  const question = await client.question(id);
  const { project, agent, text, choices } = question;
  await print.raw(`${project}/${agent} asks: ${withoutControls(text, "\n")}\n`);
  if (choices.length > 0) await print.raw(`one of: ${withoutControls(choices.join(", "))}\n`);
  await print.raw("> ");
  const line = (await firstLine(context)).trim();
  if (line === "") throw usage("nothing was answered");
  return line;
}
