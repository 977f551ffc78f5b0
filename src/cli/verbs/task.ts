/** `berth task`: list, show, cancel, retry, prioritise tasks, and print their output. */
import { BerthError } from "../../base/errors.ts";
import type { Client } from "../../client/client.ts";
import { TASK_STATES } from "../../model/task.ts";
import { type Context, type Given, usage } from "../context.ts";
import { lineFor } from "../io.ts";
import { countOf } from "../duration.ts";
import { printEach, printList, printOne, printResult, type Result } from "../output.ts";
import { priorityOf } from "../submission.ts";
import { type Target, targetOf } from "../target.ts";
import { taskColumns } from "../task-text.ts";
import { shownTask } from "../task-shown.ts";
import type { Verb } from "../verb.ts";
import { followToEnd } from "./run.ts";

const SHOWN = 50;
/** Larger pages only make the daemon hold more at once. */
const PAGE = 500;

export const task: Verb = {
  output: "formats",
  examples: [
    "berth task list web/coder --state dead --state lost",
    "berth task show ID",
    "berth task cancel ID ID",
    "berth task retry ID",
    "berth task priority ID high",
    "berth task logs ID -f",
  ],
  define: (command) =>
    command
      .description(
        "list [PROJECT[/AGENT]]     tasks, newest first\n" +
          "show ID                    everything about one, with payload, result and progress\n" +
          "cancel ID…                 end what waits or runs\n" +
          "retry ID…                  queue what ended badly once more\n" +
          "priority ID PRIORITY       move one that waits\n" +
          "logs ID                    output of the latest attempt; with -f of all to come, exits with the task's code",
      )
      .argument("<verb>", "list, show, cancel, retry, priority or logs")
      .argument("[word...]")
      .option(
        "--state <state>",
        `list: only these; may repeat: ${TASK_STATES.join(", ")}`,
        collect,
        [],
      )
      .option("--tag <tag>", "list: only with this tag")
      .option("-n, --limit <count>", `list: how many (default ${SHOWN})`)
      .option("-f, --follow", "logs: until the task ended"),
  run: (context, given) => {
    const [word = "", ...words] = given.args;
    const verb = Object.hasOwn(VERBS, word) ? VERBS[word] : undefined;
    if (verb !== undefined) return verb(context, words, given);
    throw usage(`berth task has no ${word}`, `it has ${Object.keys(VERBS).join(", ")}`);
  },
};

type Part = (context: Context, words: readonly string[], given: Given) => Promise<number>;

const VERBS: Readonly<Record<string, Part>> = { list, show, cancel, retry, priority, logs };

async function list(context: Context, words: readonly string[], given: Given): Promise<number> {
  const [word, more] = words;
  if (more !== undefined) throw usage("berth task list takes one PROJECT or PROJECT/AGENT");
  const target = word === undefined ? null : targetOf(word);
  const tag = given.text("tag");
  const states = given.list("state").map(stateOf);
  const wanted = countOf(given, "limit") ?? SHOWN;
  const client = await context.client();
  const found = [];
  for (let cursor: string | null = ""; cursor !== null && found.length < wanted;) {
    const page = await client.tasks({
      ...(target === null ? {} : { project: target.project }),
      ...(target?.agent == null ? {} : { agent: target.agent }),
      ...(tag === null ? {} : { tag }),
      ...(states.length === 0 ? {} : { state: states }),
      ...(cursor === "" ? {} : { cursor }),
      limit: Math.min(PAGE, wanted - found.length),
    });
    found.push(...page.items);
    cursor = page.next;
  }
  // A name that is not there is a mistake, which the daemon words; a removed project's tasks are kept.
  if (target !== null && found.length === 0) await refuseUnknown(client, target);
  await printList(context, found, {
    columns: taskColumns(context),
    name: (row) => row.id,
    asked: wanted,
    empty: "no tasks; berth run PROJECT AGENT queues one",
  });
  return 0;
}

/** Of an agent that is declared no more tasks may be kept, so it is asked for only where there are none. */
async function refuseUnknown(client: Client, { project, agent }: Target): Promise<void> {
  await client.project(project);
  if (agent !== null) await client.explain(`${project}/${agent}`);
}

async function show(context: Context, words: readonly string[]): Promise<number> {
  const [id] = idsOf("show", words, 1);
  const client = await context.client();
  const found = await client.task(id ?? "");
  await printOne(context, found, { name: found.id, text: () => shownTask(found, context) });
  return 0;
}

async function cancel(context: Context, words: readonly string[]): Promise<number> {
  const client = await context.client();
  await changeEach(context, idsOf("cancel", words, null), async (id) => {
    const value = await client.cancelTask(id);
    const isRunning = value.state === "running";
    const text = isRunning ? `task ${id} is being cancelled` : `task ${id} ${value.state}`;
    return { value, name: id, text };
  });
  return 0;
}

/** One that cannot be done spares the others; then throws what was wrong, all of it. */
async function changeEach(
  context: Context,
  ids: readonly string[],
  change: (id: string) => Promise<Result>,
): Promise<void> {
  const faults: BerthError[] = [];
  await printEach(context, ids, async (id) => {
    try {
      return await change(id);
    } catch (thrown) {
      const own = thrown instanceof BerthError && ["usage", "conflict"].includes(thrown.kind);
      if (!own) throw thrown;
      faults.push(thrown);
      return null;
    }
  });
  const [first] = faults;
  if (first === undefined) return;
  if (faults.length === 1) throw first;
  const problems = faults.map(({ code, message, hint }) => ({ code, message, hint }));
  const detail = `${faults.length} of ${ids.length} tasks could not be changed`;
  throw new BerthError(first.kind, { code: first.code, detail, problems });
}

async function retry(context: Context, words: readonly string[]): Promise<number> {
  const client = await context.client();
  await changeEach(context, idsOf("retry", words, null), async (id) => {
    const value = await client.retryTask(id);
    const text = `task ${id} ${value.state}, attempt ${value.attempts + 1} of ${value.maxAttempts}`;
    return { value, name: id, text };
  });
  return 0;
}

async function priority(context: Context, words: readonly string[]): Promise<number> {
  const [id = "", word] = words;
  if (word === undefined || words.length > 2)
    throw usage("berth task priority takes a task and a priority");
  const after = await (await context.client()).prioritiseTask(id, priorityOf(word));
  await printResult(context, after, {
    name: id,
    text: `task ${id} has priority ${after.priority}`,
  });
  return 0;
}

async function logs(context: Context, words: readonly string[], given: Given): Promise<number> {
  const [id = ""] = idsOf("logs", words, 1);
  const client = await context.client();
  const lines = {
    ...context,
    format: context.format === "json" ? ("ndjson" as const) : context.format,
  };
  if (given.flag("follow")) return followToEnd(lines, client, id);
  const { project, agent, run } = await client.task(id);
  if (run === null) {
    await context.print.note(`task ${id} was not started yet`);
    return 0;
  }
  for await (const line of client.logs({ project: [project], agent, run, follow: "false" }))
    await context.print.answerLine(
      lines.format === "ndjson" ? JSON.stringify(line) : lineFor(context.io.stdout, line.text),
    );
  return 0;
}

function idsOf(verb: string, words: readonly string[], count: number | null): readonly string[] {
  if (words.length === 0 || (count !== null && words.length !== count))
    throw usage(
      `berth task ${verb} takes ${count === 1 ? "one task" : "tasks"}`,
      "berth task list shows them",
    );
  return words;
}

function stateOf(word: string) {
  const state = TASK_STATES.find((one) => one === word);
  if (state !== undefined) return state;
  throw usage(`${word} is no state of a task`, TASK_STATES.join(", "));
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
