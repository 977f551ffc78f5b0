/** Tables for people: columns as wide as their cells, the last one cut to the terminal. */
import { withoutControls } from "../base/controls.ts";

export interface Column<T> {
  readonly title: string;
  readonly cell: (row: T) => string;
  /** Only in `-o wide`. */
  readonly wide?: boolean;
  readonly right?: boolean;
  /** Colour, applied after the width is known. */
  readonly paint?: (row: T, text: string) => string;
}

const GAP = "  ";

/** Lines of a table with a title row; `width` null leaves every cell whole. */
export function tableLines<T>(
  columns: readonly Column<T>[],
  rows: readonly T[],
  width: number | null,
): readonly string[] {
  const cells = rows.map((row) => columns.map((column) => withoutControls(column.cell(row))));
  const widths = columns.map((column, at) =>
    Math.max(column.title.length, ...cells.map((line) => line[at]?.length ?? 0)),
  );
  const title = columns.map((column, at) =>
    pad(column.title, widths[at] ?? 0, column.right === true),
  );
  const body = rows.map((row, line) => {
    const left = fit(cells[line] ?? [], widths, width);
    return columns.map((column, at) => {
      const text = pad(left[at] ?? "", widths[at] ?? 0, column.right === true);
      return column.paint === undefined ? text : column.paint(row, text);
    });
  });
  return [title, ...body].map((line) => line.join(GAP).trimEnd());
}

/** Cuts the last cell to what the terminal has left for it. */
function fit(
  line: readonly string[],
  widths: readonly number[],
  width: number | null,
): readonly string[] {
  const last = line.at(-1);
  if (width === null || last === undefined) return line;
  const before = widths.slice(0, -1).reduce((sum, one) => sum + one + GAP.length, 0);
  const room = Math.max(width - before, 8);
  return last.length <= room ? line : [...line.slice(0, -1), `${last.slice(0, room - 1)}…`];
}

function pad(text: string, width: number, right: boolean): string {
  return right ? text.padStart(width) : text.padEnd(width);
}
