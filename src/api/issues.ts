/** What a schema finds wrong with a request, as problems with paths. */
import type { z } from "@hono/zod-openapi";
import type { ProblemFact } from "../base/errors.ts";

type Issue = z.core.$ZodIssue;

/** Zod's own word for a union none of whose forms fits; a schema's own sentence says more than any form would. */
const NO_FORM = "Invalid input";

/** One problem for each thing that is wrong; `where` is the part of the request: path, query or body. */
export function factsOf(issues: readonly Issue[], where: string): readonly ProblemFact[] {
  return issues.flatMap(leaves).map((issue) => ({
    code: "api.request-invalid",
    message: issue.message,
    path: [where, ...issue.path.map(String)].join("."),
  }));
}

/** Of a union, what is wrong with the form that was probably meant. */
function leaves(issue: Issue): readonly Issue[] {
  if (issue.code !== "invalid_union" || issue.message !== NO_FORM) return [issue];
  const meant = formMeant(issue.errors);
  return meant.length === 0
    ? [issue]
    : meant.flatMap((inner) => leaves({ ...inner, path: [...issue.path, ...inner.path] }));
}

/** A form of the input's own type that knows most of its keys; of equals the last, where the plain form stands. */
function formMeant(forms: readonly (readonly Issue[])[]): readonly Issue[] {
  const possible = forms.filter((form) => !form.some(isOfTheWhole));
  const least = Math.min(...possible.map(unknownKeys));
  return possible.findLast((form) => unknownKeys(form) === least) ?? [];
}

function isOfTheWhole({ code, path }: Issue): boolean {
  return code === "invalid_type" && path.length === 0;
}

function unknownKeys(form: readonly Issue[]): number {
  return form.reduce(
    (sum, issue) => sum + (issue.code === "unrecognized_keys" ? issue.keys.length : 0),
    0,
  );
}
