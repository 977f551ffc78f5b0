/** The files the rules look at, read once. */
import { globSync, readFileSync } from "node:fs";

export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

function read(pattern: string): readonly SourceFile[] {
  return globSync(pattern)
    .toSorted()
    .map((path) => ({ path, text: readFileSync(path, "utf8") }));
}

/** Every TypeScript file of the program. */
export const sources: readonly SourceFile[] = read("src/**/*.{ts,tsx}");
/** Every TypeScript file of the tests. */
export const tests: readonly SourceFile[] = read("test/**/*.ts");
/** SQL and Lua, which are source as well. */
export const scripts: readonly SourceFile[] = read("src/**/*.{sql,lua}");

/** Lines as an editor counts them. */
export function lineCount(text: string): number {
  return text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
}
