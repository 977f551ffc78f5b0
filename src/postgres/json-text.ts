/** JSON and text as Postgres can keep them, whatever an agent or a caller made of them; pure. */
import { MAX_PAYLOAD_BYTES } from "../model/task.ts";

/** Deeper than anything meant; the server's own parser and ours give up not far beyond a few thousand. */
const MAX_DEPTH = 100;
const MAX_TEXT = 4_096;

/** The JSON text of a value; null when it is nested too deeply or larger than a task's payload may be. */
export function keptJson(value: unknown): string | null {
  if (isDeeper(value, MAX_DEPTH)) return null;
  const text = JSON.stringify(value ?? null);
  return Buffer.byteLength(text) <= MAX_PAYLOAD_BYTES ? text : null;
}

/** A text without what the server refuses (NUL, half a character), and not endless. */
export function keptText(text: string): string {
  return text.slice(0, MAX_TEXT).replaceAll("\0", "\uFFFD").toWellFormed();
}

/** Texts as the literal of a Postgres array: a list of lists is no array, so they travel as elements of one. */
export function arrayLiteral(texts: readonly string[]): string {
  return `{${texts.map((text) => `"${text.replace(/[\\"]/g, "\\$&")}"`).join(",")}}`;
}

function isDeeper(value: unknown, left: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return left === 0 || Object.values(value).some((inner) => isDeeper(inner, left - 1));
}
