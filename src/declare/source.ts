/** A file's text with its line starts: turns offsets into the positions problems carry. */
import type { Problem, ProblemCode } from "./problem.ts";

export interface Source {
  readonly name: string;
  readonly text: string;
  /** Offset of the first character of each line; a byte order mark is no character of the first. */
  readonly lineStarts: readonly number[];
}

/** A piece of one file, end exclusive. */
export interface Span {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
}

export interface Complaint {
  readonly code: ProblemCode;
  readonly message: string;
  readonly hint?: string | undefined;
}

/** A text by name, ready to be pointed into. Lines end as YAML has it: LF, CRLF or a lone CR. */
export function makeSource(name: string, text: string): Source {
  const lineStarts = [text.startsWith("\uFEFF") ? 1 : 0];
  for (const match of text.matchAll(/\r\n|\n|\r/g)) lineStarts.push(match.index + match[0].length);
  return { name, text, lineStarts };
}

/** Line and column of an offset, both 1-based; never outside the text. */
export function positionAt(source: Source, offset: number): Readonly<{ line: number; column: number }> {
  const within = Math.max(0, Math.min(offset, source.text.length));
  let low = 0;
  let high = source.lineStarts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((source.lineStarts[middle] ?? 0) <= within) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: Math.max(0, within - (source.lineStarts[low] ?? 0)) + 1 };
}

/** The text of a 1-based line without its line end. */
export function lineText(source: Source, line: number): string {
  const start = source.lineStarts[line - 1];
  if (start === undefined) return "";
  return source.text.slice(start, source.lineStarts[line] ?? source.text.length).replace(/[\r\n]+$/, "");
}

/** A problem located at a span; the caret stays on the span's first line. */
export function problemAt(span: Span, complaint: Complaint): Problem {
  const { line, column } = positionAt(span.source, span.start);
  const room = lineText(span.source, line).length - (column - 1);
  const length = Math.max(1, Math.min(span.end - span.start, room));
  const { code, message, hint } = complaint;
  return { file: span.source.name, line, column, length, code, message, ...(hint === undefined ? {} : { hint }) };
}

/** Where a file begins: for what concerns a file as a whole. */
export function startOf(source: Source): Span {
  const start = source.lineStarts[0] ?? 0;
  return { source, start, end: start };
}
