/** `berth simulate`: the daemon's own allocator on a trace, without a daemon. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { BerthError } from "../../base/errors.ts";
import { type Context, type Given, usage } from "../context.ts";
import { countOf } from "../duration.ts";
import { NEEDED_FIELDS, OTHER_FIELDS } from "../../plan/pool/trace-fields.ts";
import { printOne } from "../output.ts";
import { type Column, tableLines } from "../table.ts";
import type { Verb } from "../verb.ts";

const SLOTS = 16;

export const simulateTrace: Verb = {
  output: "formats",
  examples: [
    "berth simulate --trace day.ndjson --strategy weighted-round-robin",
    "berth simulate --trace day.ndjson --strategy priority --slots 4 --json",
  ],
  define: (command) =>
    command
      .description(
        "Run the allocator on a trace and print wait, throughput, utilisation and fairness of each project.\n\n" +
          `A trace is NDJSON, a task a line. A line needs ${NEEDED_FIELDS}; it may have (otherwise it is as in brackets) ` +
          `${OTHER_FIELDS}. Times are milliseconds, at from the trace's start, deadlineMs from the arrival; ` +
          "shares are of the host, 0 to 1. Weight, shares, agents, min and max hold for the whole trace.",
      )
      .requiredOption("--trace <file>", "NDJSON, or - for stdin")
      .option("--strategy <name>", "as host.strategy (default weighted-round-robin)")
      .option("--slots <count>", `as host.agents (default ${SLOTS})`)
      .option("--unmeasured", "leave weights as declared, whatever tasks do"),
  run,
};

async function run(context: Context, given: Given): Promise<number> {
  const [{ STRATEGIES }, { parseTrace }, { simulate }, render] = await Promise.all([
    import("../../plan/pool/strategies.ts"),
    import("../../plan/pool/trace.ts"),
    import("../../plan/pool/simulate.ts"),
    import("../../plan/pool/simulate-render.ts"),
  ]);
  const name = given.text("strategy") ?? "weighted-round-robin";
  const strategy = Object.values(STRATEGIES).find((one) => one.name === name);
  if (strategy === undefined)
    throw usage(`there is no strategy ${name}`, Object.keys(STRATEGIES).join(", "));
  const slots = countOf(given, "slots") ?? SLOTS;
  if (slots < 1) throw usage("--slots must be at least 1");
  const file = given.text("trace") ?? "-";
  const trace = parseTrace(await traceOf(context, file), file === "-" ? "stdin" : file);
  if (trace.tasks.length === 0)
    throw new BerthError("declaration", {
      code: "plan.trace-invalid",
      detail: `${file === "-" ? "stdin" : file} holds no tasks`,
      hint: `a line is a JSON object with ${NEEDED_FIELDS}`,
    });
  const report = simulate(trace, { strategy, slots, measured: !given.flag("unmeasured") });
  await printOne(context, report, {
    name,
    text: () => {
      const columns = render.SIMULATION_COLUMNS.map((title, at): Column<readonly string[]> => ({
        title,
        cell: (row) => row[at] ?? "",
        right: at > 0,
      }));
      return [
        ...tableLines(columns, render.simulationRows(report), null),
        render.simulationSummary(report),
      ].join("\n");
    },
  });
  return 0;
}

async function traceOf({ io }: Context, file: string): Promise<string> {
  try {
    if (file !== "-") return await readFile(resolve(io.cwd, file), "utf8");
    let text = "";
    io.stdin.setEncoding("utf8");
    for await (const chunk of io.stdin) text += String(chunk);
    return text;
  } catch (cause) {
    const detail = `${file} cannot be read: ${cause instanceof Error ? cause.message : ""}`;
    throw new BerthError("usage", { code: "cli.file-unreadable", detail, cause });
  }
}
