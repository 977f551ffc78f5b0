/** Variables in the scalars of a file: found values replace them, missing ones become located problems. */
import { interpolate } from "./interpolate.ts";
import type { Environment } from "./interpolate.ts";
import { MAX_PROBLEMS } from "./problem.ts";
import type { Problem } from "./problem.ts";
import { problemAt } from "./source.ts";
import type { Span } from "./source.ts";

/** Rewrites the text of a scalar value, or records why it cannot and returns null; keys are never passed. */
export type Expand = (text: string, span: Span) => string | null;

/** A rewriter for scalar values; null for a text with a reference that cannot be replaced. */
export function makeExpand(environment: Environment, problems: Problem[]): Expand {
  return (text, span) => {
    const expanded = interpolate(text, environment);
    if (expanded.ok) return expanded.text;
    let from = span.start;
    for (const { message, hint, reference } of expanded.unreplaced.slice(0, MAX_PROBLEMS)) {
      const at = within({ ...span, start: from }, reference) ?? span;
      if (at !== span) from = at.end;
      problems.push(problemAt(at, { code: "declare.interpolation-failed", message, hint }));
    }
    return null;
  };
}

/** Where the reference next stands in the file; null when escapes or folding hide it. */
function within(span: Span, reference: string): Span | null {
  const start = span.source.text.slice(span.start, span.end).indexOf(reference);
  return start < 0
    ? null
    : { ...span, start: span.start + start, end: span.start + start + reference.length };
}
