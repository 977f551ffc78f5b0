/** `berth doctor`: checks of the host, each with how to mend it; exit 1 when one fails. */
import type { Context, Given } from "../context.ts";
import { printList } from "../output.ts";
import type { Verb } from "../verb.ts";

const MARK = { ok: "ok", warn: "warn", fail: "FAIL", unknown: "?" } as const;

export const doctor: Verb = {
  output: "formats",
  examples: ["berth doctor", "berth doctor --json"],
  define: (command) =>
    command.description("Check engine, stores, network and host, and say how to mend each."),
  run,
};

async function run(context: Context, _given: Given): Promise<number> {
  const checks = await (await context.client()).doctor();
  const { style } = context;
  const paint = { ok: style.green, warn: style.yellow, fail: style.red, unknown: style.yellow };
  await printList(context, checks, {
    name: (check) => check.name,
    empty: "nothing was checked",
    columns: [
      { title: "CHECK", cell: (check) => check.name },
      {
        title: "VERDICT",
        cell: (check) => MARK[check.verdict],
        paint: (check, text) => paint[check.verdict](text),
      },
      {
        title: "FOUND",
        cell: (check) =>
          check.mend === null ? check.detail : `${check.detail} — mend: ${check.mend}`,
      },
    ],
  });
  return checks.some((check) => check.verdict === "fail") ? 1 : 0;
}
