/** `berth explain SUBJECT`: state, what binds, what would start it now, and the last decisions with their numbers. */
import { withoutControls } from "../../base/controls.ts";
import type { ApiExplain } from "../../schema/api-task.ts";
import type { Context, Given } from "../context.ts";
import { printOne } from "../output.ts";
import { decisionLines, estimateText, pairLines } from "../task-text.ts";
import { targetOf } from "../target.ts";
import type { Verb } from "../verb.ts";

export const explain: Verb = {
  output: "formats",
  examples: ["berth explain web", "berth explain web/coder", "berth explain TASK --json"],
  define: (command) =>
    command
      .description(
        "Tell why a project, an agent or a task is where it is, and what would start it.",
      )
      .argument("<subject>", "PROJECT, PROJECT/AGENT or a task's id"),
  run,
};

async function run(context: Context, given: Given): Promise<number> {
  const [subject = ""] = given.args;
  targetOf(subject);
  const found = await (await context.client()).explain(subject);
  await printOne(context, found, { name: subject, text: () => textOf(found, context) });
  return 0;
}

function textOf(found: ApiExplain, { style }: Context): string {
  const { subject, kind, state, constraint, wouldStart, estimateMs, errorMs, decisions } = found;
  const facts = pairLines([
    [kind.charAt(0).toUpperCase() + kind.slice(1), style.bold(withoutControls(subject))],
    ["State", withoutControls(state)],
    ...(constraint === null
      ? []
      : [["Waits for", style.yellow(withoutControls(constraint))] as const]),
    ...(wouldStart === null
      ? []
      : [
          [
            state.startsWith("running") ? "Goes on when" : "Starts when",
            withoutControls(wouldStart),
          ] as const,
        ]),
    ...(estimateMs === null ? [] : [["Probably in", estimateText(estimateMs, errorMs)] as const]),
  ]);
  const last =
    decisions.length === 0 ? [] : ["", "Last decisions:", ...decisionLines(decisions, style)];
  return [...facts, ...last].join("\n");
}
