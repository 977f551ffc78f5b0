/** Reads the SQL of this room: one statement a file, with its contract at the top. */
import { readFileSync } from "node:fs";

/** At most one entry per file of queries/. */
const texts = new Map<string, string>();

/** The text of `queries/<name>.sql`, read once. */
export function sql(name: string): string {
  const known = texts.get(name);
  if (known !== undefined) return known;
  const text = readFileSync(new URL(`./queries/${name}.sql`, import.meta.url), "utf8");
  texts.set(name, text);
  return text;
}
