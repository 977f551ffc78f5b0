/** Variables in the scalars of a file: found values replace them, missing ones become located problems. */
import { interpolate } from "./interpolate.ts";
import type { Environment } from "./interpolate.ts";
import type { Problem } from "./problem.ts";
import { problemAt } from "./source.ts";
import type { Span } from "./source.ts";
import type { Expand } from "./tree.ts";

/** A rewriter for scalar values; null for a text with a reference that cannot be replaced. */
export function makeExpand(environment: Environment, problems: Problem[]): Expand {
  return (text, span) => {
    const expanded = interpolate(text, environment);
    if (expanded.ok) return expanded.text;
    const { message, hint } = expanded;
    const reference = text.slice(expanded.at, expanded.at + expanded.length);
    problems.push(problemAt(within(span, reference), { code: "declare.interpolation-failed", message, hint }));
    return null;
  };
}

/** Where the reference stands in the file; the whole scalar when escapes or folding hide it. */
function within(span: Span, reference: string): Span {
  const start = span.source.text.indexOf(reference, span.start);
  return start >= 0 && start + reference.length <= span.end ? { ...span, start, end: start + reference.length } : span;
}
