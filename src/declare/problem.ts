/** What is wrong with a declaration, where, and what to do about it. */

/** Stable names of everything that can be wrong; shown under `--json`, documented in the errors table. */
const PROBLEM_CODES = [
  "declare.bad-value", // outside its range or not of its form
  "declare.duplicate-key",
  "declare.duplicate-project",
  "declare.extends-cycle",
  "declare.file-unreadable",
  "declare.interpolation-failed",
  "declare.missing-value",
  "declare.over-budget",
  "declare.over-limit", // against another limit of the same project
  "declare.too-big", // a bound of src/schema/bounds.ts
  "declare.unknown-key",
  "declare.unknown-project", // an overlay names a project no file declares
  "declare.unknown-template",
  "declare.workspace-outside",
  "declare.wrong-type",
  "declare.yaml-syntax",
] as const;
export type ProblemCode = (typeof PROBLEM_CODES)[number];

export interface Problem {
  readonly file: string;
  /** 1-based; the column counts UTF-16 units, as editors do. */
  readonly line: number;
  readonly column: number;
  /** Characters the caret underlines, at least 1, within the line. */
  readonly length: number;
  readonly code: ProblemCode;
  /** Where in the document and what about it: `agents.coder.max must be ≥ min`. */
  readonly message: string;
  readonly hint?: string;
}

/** More than a person reads at once; that there are more is told with the last one. */
export const MAX_PROBLEMS = 500;

/** Problems by file and position, each once, at most `MAX_PROBLEMS` of them. */
export function sortProblems(problems: readonly Problem[]): readonly Problem[] {
  const seen = new Set<string>();
  const sorted = problems.toSorted(
    (a, b) =>
      compare(a.file, b.file) ||
      a.line - b.line ||
      a.column - b.column ||
      compare(a.message, b.message),
  );
  const distinct = sorted.filter((problem) => {
    const key = `${problem.file}\0${problem.line}\0${problem.column}\0${problem.message}`;
    return !seen.has(key) && seen.add(key);
  });
  const last = distinct[MAX_PROBLEMS - 1];
  if (distinct.length <= MAX_PROBLEMS || last === undefined) return distinct;
  const hint = "there are more problems than are shown";
  return [...distinct.slice(0, MAX_PROBLEMS - 1), { ...last, hint }];
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
