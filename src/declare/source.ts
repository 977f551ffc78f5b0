/** A file's text with its line starts: turns offsets into the positions problems carry. */
import type { Problem, ProblemCode } from "./problem.ts";

export interface Source {
  readonly name: string;
  readonly text: string;
  /** Offset of the first character of each line, found when first asked; a byte order mark is no character of the first. */
  readonly lineStarts: () => readonly number[];
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

/** A text by name, ready to be pointed into. */
export function makeSource(name: string, text: string): Source {
  let starts: readonly number[] | null = null;
  return { name, text, lineStarts: () => (starts ??= findLines(text, Number.POSITIVE_INFINITY)) };
}

const LF = 10;
const CR = 13;

/** Starts of the first lines of a text. Lines end as YAML has it: LF, CRLF or a lone CR. */
export function findLines(text: string, most: number): readonly number[] {
  const starts = [firstOffset(text)];
  for (let at = 0; at < text.length && starts.length < most; at += 1) {
    const code = text.charCodeAt(at);
    if (code === LF || (code === CR && text.charCodeAt(at + 1) !== LF)) starts.push(at + 1);
  }
  return starts;
}

function firstOffset(text: string): number {
  return text.startsWith("\uFEFF") ? 1 : 0;
}

/** Line and column of an offset, both 1-based; never outside the text. */
export function positionAt(
  source: Source,
  offset: number,
): Readonly<{ line: number; column: number }> {
  const within = Math.max(0, Math.min(offset, source.text.length));
  const starts = source.lineStarts();
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((starts[middle] ?? 0) <= within) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: Math.max(0, within - (starts[low] ?? 0)) + 1 };
}

/** The text of a 1-based line without its line end. */
export function lineText(source: Source, line: number): string {
  return lineWithin(source.text, line, source.lineStarts());
}

/** The same with only as many line starts as are needed; costs the same however long the line is. */
export function lineWithin(text: string, line: number, starts: readonly number[]): string {
  const start = starts[line - 1];
  if (start === undefined) return "";
  let end = starts[line] ?? text.length;
  while (end > start && isLineEnd(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function isLineEnd(code: number): boolean {
  return code === LF || code === CR;
}

/** A problem located at a span; the caret stays on the span's first line. */
export function problemAt(span: Span, complaint: Complaint): Problem {
  const { line, column } = positionAt(span.source, span.start);
  const room = lineText(span.source, line).length - (column - 1);
  const length = Math.max(1, Math.min(span.end - span.start, room));
  const { code, message, hint } = complaint;
  return {
    file: span.source.name,
    line,
    column,
    length,
    code,
    message,
    ...(hint === undefined ? {} : { hint }),
  };
}

/** Where a file begins: for what concerns a file as a whole. */
export function startOf(source: Source): Span {
  const start = firstOffset(source.text);
  return { source, start, end: start };
}
