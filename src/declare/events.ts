/** The one call into the YAML parser: text to a flat list of events, or the problem that stopped it. */
import { EVENT_ID, parseEvents, YAMLException } from "js-yaml";
import type { Event } from "js-yaml";
import { BOUNDS } from "../schema/bounds.ts";
import { formatBytes } from "../base/bytes.ts";
import type { Problem } from "./problem.ts";
import { lineText, positionAt, problemAt } from "./source.ts";
import type { Complaint, Source, Span } from "./source.ts";

export type Events =
  | Readonly<{ ok: true; events: readonly Event[] }>
  | Readonly<{ ok: false; problem: Problem }>;

/** Reads a file of bounded size and depth. YAML stops at its first mistake, so there is at most one problem a file. */
export function readEvents(source: Source): Events {
  if (Buffer.byteLength(source.text) > BOUNDS.fileBytes) {
    const message = `the file is larger than ${formatBytes(BOUNDS.fileBytes)}`;
    // By hand: finding the lines of a text this long would cost more than refusing it.
    return {
      ok: false,
      problem: {
        file: source.name,
        line: 1,
        column: 1,
        length: 1,
        code: "declare.too-big",
        message,
      },
    };
  }
  try {
    return { ok: true, events: parseEvents(source.text, { maxDepth: BOUNDS.depth }) };
  } catch (thrown) {
    return { ok: false, problem: syntaxProblem(source, thrown) };
  }
}

/** Where an event stands, or -1 for one that has no characters of its own. */
export function eventStart(event: Event): number {
  switch (event.type) {
    case EVENT_ID.SCALAR:
      return event.valueStart;
    case EVENT_ID.ALIAS:
      return event.anchorStart - 1;
    case EVENT_ID.SEQUENCE:
    case EVENT_ID.MAPPING:
      return event.start;
    case EVENT_ID.DOCUMENT:
    case EVENT_ID.POP:
      return -1;
  }
}

function syntaxProblem(source: Source, thrown: unknown): Problem {
  const known = thrown instanceof YAMLException;
  const start = known ? (thrown.mark?.position ?? 0) : 0;
  const span: Span = { source, start, end: start + 1 };
  return problemAt(
    span,
    known
      ? complain(thrown.reason, span)
      : { code: "declare.yaml-syntax", message: "cannot be read as YAML" },
  );
}

function complain(reason: string, span: Span): Complaint {
  if (reason.startsWith("nesting exceeded")) {
    return { code: "declare.too-big", message: `nested deeper than ${BOUNDS.depth} levels` };
  }
  if (reason.startsWith("null byte"))
    return { code: "declare.yaml-syntax", message: "NUL is not allowed in a declaration" };
  const message = `not valid YAML: ${reason}`;
  return { code: "declare.yaml-syntax", message, hint: syntaxHint(reason, span) };
}

/** The mistakes whose YAML message does not say what to do. */
function syntaxHint(reason: string, span: Span): string | undefined {
  const line = lineText(span.source, positionAt(span.source, span.start).line);
  if (line.includes("\t") || reason.includes("tab"))
    return "YAML is indented with spaces, not tabs";
  if (/[[{,].*\$\{/.test(line)) return 'inside [ ] and { } put quotes around it: "${NAME}"';
  if (reason === "deficient indentation")
    return "a bracket or quote above is not closed, or this line needs more indentation";
  return undefined;
}
