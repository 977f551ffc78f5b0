/** Lint is passed again by whatever may look different since: what changed, what reaches it by imports, all when a rule does. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

const SCRIPT = join(import.meta.dirname, "../../scripts/lib/unlinted.mjs");

test("files are named until they passed, and again when they, what they reach or the rules change", () => {
  const cwd = mkdtempSync(join(tmpdir(), "berth-lint-"));
  const write = (path: string, text: string): void => writeFileSync(join(cwd, path), text);
  const unlinted = (): readonly string[] =>
    execFileSync(process.execPath, [SCRIPT, ".cache/passed"], { cwd, encoding: "utf8" })
      .split("\n")
      .filter(Boolean)
      .toSorted();
  const passed = (): void => renameSync(join(cwd, ".cache/passed.new"), join(cwd, ".cache/passed"));
  try {
    for (const folder of ["src", "test"]) mkdirSync(join(cwd, folder));
    write("src/a.ts", "export const a = 1;\n");
    write("src/b.ts", 'export { a } from "./a.ts";\n');
    write("test/b.test.ts", 'import "../src/b.ts";\n');
    write("src/other.ts", "export const c = 3;\n");
    const all = ["src/a.ts", "src/b.ts", "src/other.ts", "test/b.test.ts"];

    expect(unlinted()).toEqual(all);
    expect(unlinted()).toEqual(all); // it did not pass
    passed();
    expect(unlinted()).toEqual([]);
    write("src/a.ts", "export const a = 2;\n");
    expect(unlinted()).toEqual(["src/a.ts", "src/b.ts", "test/b.test.ts"]);
    passed();
    write("src/other.ts", "declare global { var c: number }\nexport {};\n");
    expect(unlinted()).toEqual(all);
    passed();
    for (const path of [".oxlintrc.json", "package-lock.json"]) {
      write(path, "{}");
      expect(unlinted()).toEqual(all);
      passed();
    }
  } finally {
    rmSync(cwd, { recursive: true });
  }
});
