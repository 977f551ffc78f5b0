/** Reads the Lua of this room: one script a file, with its contract at the top. */
import { readFileSync } from "node:fs";

/** At most one entry per file of lua/. */
const texts = new Map<string, string>();

/** The text of `lua/<name>.lua`, read once. */
export function lua(name: string): string {
  const known = texts.get(name);
  if (known !== undefined) return known;
  const text = readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), "utf8");
  texts.set(name, text);
  return text;
}
