/** What stands before a value in YAML: its anchor and its tag. */
import type { MappingEvent, ScalarEvent, SequenceEvent } from "js-yaml";
import type { Problem } from "./problem.ts";
import { problemAt } from "./source.ts";
import type { Source } from "./source.ts";

type NodeEvent = ScalarEvent | SequenceEvent | MappingEvent;

export function anchorOf({ anchorStart, anchorEnd }: NodeEvent, { text }: Source): string | null {
  return anchorStart < 0 ? null : text.slice(anchorStart, anchorEnd);
}

/** Empty without one. */
export function tagOf({ tagStart, tagEnd }: NodeEvent, { text }: Source): string {
  return tagStart < 0 ? "" : text.slice(tagStart, tagEnd);
}

export function unfitTag(event: NodeEvent, source: Source): Problem {
  return problemAt(
    { source, start: event.tagStart, end: event.tagEnd },
    {
      code: "declare.wrong-type",
      message: `the tag ${tagOf(event, source)} does not fit here`,
      hint: "leave the tag out",
    },
  );
}
