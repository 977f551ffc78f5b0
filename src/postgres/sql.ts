/** Reads the SQL of this room: one statement a file, with its contract at the top. */
import { readFileSync } from "node:fs";

/** At most one entry per file of queries/. */
const texts = new Map<string, string>();

/** The text with whole numbers in the place of $1, $2, …: for statements that are sent together, which take no parameters. */
export function sqlWith(name: string, numbers: readonly number[]): string {
  return sql(name).replaceAll(/\$(\d+)/g, (_, place: string) => {
    const number = numbers[Number(place) - 1];
    if (!Number.isSafeInteger(number))
      throw new RangeError(`${name} needs a whole number at $${place}`);
    return String(number);
  });
}

/** The text of `queries/<name>.sql`, read once. */
export function sql(name: string): string {
  const known = texts.get(name);
  if (known !== undefined) return known;
  const text = readFileSync(new URL(`./queries/${name}.sql`, import.meta.url), "utf8");
  texts.set(name, text);
  return text;
}
