/** The real outside of the CLI: what it makes without being asked, and what only when asked. */
import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { ioOfProcess } from "../../../src/cli/io.ts";

const IO = new URL("../../../src/cli/io.ts", import.meta.url).pathname;

test("every key is another, and one the API takes", () => {
  const io = ioOfProcess("1");
  const keys = Array.from({ length: 10_000 }, () => io.newKey());
  expect(new Set(keys).size).toBe(keys.length);
  expect(keys.filter((key) => !/^[\x21-\x7e]{20,128}$/.test(key))).toEqual([]);
});

test("a verb that never reads stdin makes no stream of it", () => {
  const made = (look: string): string =>
    execFileSync(process.execPath, [
      "--input-type=module",
      "--eval",
      `const { ioOfProcess } = await import(${JSON.stringify(IO)});
       let made = false;
       const { get } = Object.getOwnPropertyDescriptor(process, "stdin");
       Object.defineProperty(process, "stdin", { get: () => ((made = true), get.call(process)) });
       const io = ioOfProcess("1");
       ${look};
       console.log(made);`,
    ])
      .toString()
      .trim();
  expect(made("")).toBe("false");
  expect(made("io.stdin")).toBe("true");
});
