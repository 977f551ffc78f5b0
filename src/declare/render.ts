/** Problems as an operator reads them: the message, the offending line, a caret under it, a hint. Colour is the caller's. */
import type { Problem } from "./problem.ts";
import { findLines, lineWithin } from "./source.ts";

/** Columns of the offending line that are shown; a longer line is cut around the caret. */
const WIDTH = 120;
/** Columns kept before the caret of a line that is cut. */
const LEAD = 60;

/**
 * One problem:
 * ```
 * error: web.yaml:10:15 agents.coder.max must be ≥ min
 *  10 |     max: 1
 *     |          ^
 * hint: …
 * ```
 */
function renderProblem(problem: Problem, text: string | undefined): string {
  const head = `error: ${problem.file}:${problem.line}:${problem.column} ${oneLine(problem.message)}`;
  const snippet = renderSnippet(problem, text);
  const hint = problem.hint === undefined ? [] : [`hint: ${oneLine(problem.hint)}`];
  return [head, ...(snippet === null ? [] : [snippet]), ...hint].join("\n");
}

/** All problems, a blank line between them, and how many there are when there is more than one. */
export function renderProblems(
  problems: readonly Problem[],
  files: Readonly<Record<string, string>>,
): string {
  const blocks = problems.map((problem) =>
    renderProblem(problem, Object.hasOwn(files, problem.file) ? files[problem.file] : undefined),
  );
  return [...blocks, ...(problems.length > 1 ? [`${problems.length} problems`] : [])].join("\n\n");
}

/** The offending line and the caret below it, or null when the text is not at hand. */
export function renderSnippet(problem: Problem, text: string | undefined): string | null {
  if (text === undefined) return null;
  const line = lineWithin(text, problem.line, findLines(text, problem.line + 1));
  const cut = line.length > WIDTH ? Math.max(0, problem.column - 1 - LEAD) : 0;
  const shown = printable(line.slice(cut, cut + WIDTH));
  const before = " ".repeat(problem.column - 1 - cut);
  const carets = "^".repeat(Math.max(1, Math.min(problem.length, WIDTH - before.length)));
  const number = String(problem.line).padStart(3);
  return `${number} | ${shown}\n${" ".repeat(number.length)} | ${before}${carets}`;
}

/** One column a character: a tab or a control character would move the caret or the terminal. */
function printable(line: string): string {
  return line.replaceAll("\t", " ").replaceAll(/\p{Cc}/gu, "\uFFFD");
}

function oneLine(text: string): string {
  return printable(text.replaceAll(/\s*[\r\n]+\s*/g, " "));
}
