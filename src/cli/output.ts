/** One answer in the form asked for: table, wide, json, ndjson, yaml or name. */
import type { Context } from "./context.ts";
import { type Column, tableLines } from "./table.ts";

export const FORMATS = ["table", "wide", "json", "ndjson", "yaml", "name"] as const;
/** A stream has no end to close a list at, and its lines no names. */
export const STREAM_FORMATS = ["table", "wide", "json", "ndjson"] as const;
export type Format = (typeof FORMATS)[number];

export interface Listing<T> {
  readonly columns: readonly Column<T>[];
  readonly name: (row: T) => string;
  /** Said on stderr instead of an empty table; where none were asked for (`-n 0`) it would not be known. */
  readonly empty: string;
  readonly asked?: number;
}

/** A list: JSON and YAML as one array, NDJSON and names a line each. */
export async function printList<T>(
  context: Context,
  rows: readonly T[],
  listing: Listing<T>,
): Promise<void> {
  const { print, format, io } = context;
  if (format === "ndjson")
    await print.answer(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  else if (format === "name")
    await print.answer(rows.map((row) => `${listing.name(row)}\n`).join(""));
  else if (format === "json" || format === "yaml")
    await print.answer(await serialized(rows, format));
  else if (rows.length === 0) {
    if (listing.asked !== 0) await print.note(listing.empty);
  } else {
    const columns = listing.columns.filter((column) => column.wide !== true || format === "wide");
    const width =
      io.stdout.isTTY === true && format !== "wide" ? (io.stdout.columns ?? null) : null;
    await print.answer(`${tableLines(columns, rows, width).join("\n")}\n`);
  }
}

/** One thing: as data, by its name, or as the text people read. */
export async function printOne(
  context: Context,
  value: unknown,
  forms: Readonly<{ name: string; text: () => string | Promise<string> }>,
): Promise<void> {
  const { print, format } = context;
  if (format === "json" || format === "yaml") await print.answer(await serialized(value, format));
  else if (format === "ndjson") await print.answerLine(JSON.stringify(value));
  else if (format === "name") await print.answer(ended(forms.name));
  else await print.answer(ended(await forms.text()));
}

/** The result of a write: data when data was asked for, else a message on stderr. */
export async function printResult(
  context: Context,
  value: unknown,
  forms: Readonly<{ name: string; text: string }>,
): Promise<void> {
  const forPeople = context.format === "table" || context.format === "wide";
  if (forPeople) await context.print.note(forms.text);
  else await printOne(context, value, { name: forms.name, text: () => forms.text });
}

export interface Result {
  readonly value: unknown;
  readonly name: string;
  /** For people. */
  readonly text: string;
}

/**
 * Results of a write to each of several things. People, and who wants lines or names, are told each as it comes; JSON and YAML are one
 * list, also of what was done before a failure. Where only one thing was asked for, it is that thing's result alone. Null: `act` has
 * nothing to tell of that one.
 */
export async function printEach<T>(
  context: Context,
  asked: readonly T[],
  act: (one: T) => Promise<Result | null>,
): Promise<void> {
  const { format, print } = context;
  const isList = asked.length > 1 && (format === "json" || format === "yaml");
  const done: unknown[] = [];
  try {
    for (const one of asked) {
      const result = await act(one);
      if (result === null) continue;
      if (isList) done.push(result.value);
      else await printResult(context, result.value, result);
    }
  } finally {
    if (isList) await print.answer(await serialized(done, format));
  }
}

async function serialized(value: unknown, format: "json" | "yaml"): Promise<string> {
  return format === "json" ? `${JSON.stringify(value, null, 2)}\n` : yamlOf(value);
}

/** A value as YAML. */
export async function yamlOf(value: unknown): Promise<string> {
  const { dump } = await import("js-yaml");
  // through JSON, so that undefined and read-only shapes come out as plain values
  return dump(JSON.parse(JSON.stringify(value)), { lineWidth: 120, noRefs: true });
}

function ended(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}
