/** Prints an error once, for people or as an RFC 9457 problem, and tells the exit code. */
import { withoutControls } from "../base/controls.ts";
import { type BerthError, causeChain, exitCodeOf, type ProblemFact } from "../base/errors.ts";
import type { Style } from "./style.ts";

/** Text of an error on stderr: every problem with place, snippet and hint. */
export function faultText(error: BerthError, style: Style): string {
  const own: ProblemFact = {
    code: error.code,
    message: error.message,
    path: error.path,
    hint: error.hint,
  };
  const facts = error.problems.length > 0 ? error.problems : [own];
  const blocks = facts.map((fact) => factText(fact, style));
  if (facts.length > 1) blocks.push(`${facts.length} problems`);
  if (error.kind === "defect")
    blocks.push(style.dim(`this is a defect in Berth: ${causeChain(error)}`));
  return `${blocks.join("\n")}\n`;
}

/** The same for programs, one line. */
export async function faultJson(error: BerthError): Promise<string> {
  const { problemDocument } = await import("../base/problem.ts");
  return `${JSON.stringify(problemDocument(error))}\n`;
}

/** What simply did not succeed is 1: nobody made a mistake and nothing is unreachable. */
const EXIT_OF_CODE: Readonly<Record<string, number>> = {
  "cli.projects-failed": 1,
  "cli.not-confirmed": 1,
};

/** Exit code of an error. */
export function faultExit(error: BerthError): number {
  return EXIT_OF_CODE[error.code] ?? exitCodeOf(error.kind);
}

function factText(fact: ProblemFact, style: Style): string {
  const place = fact.path === undefined ? "" : `${fact.path} `;
  const lines = [`${style.red("error:")} ${withoutControls(`${place}${fact.message}`, "\n\t")}`];
  if (fact.snippet !== undefined) lines.push(fact.snippet);
  if (fact.hint !== undefined)
    lines.push(`${style.cyan("hint:")} ${withoutControls(fact.hint, "\n\t")}`);
  return lines.join("\n");
}
