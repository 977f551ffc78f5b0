/** The benches: runs those named, prints a table with both sides, writes JSON; ends with 1 when a goal is missed. */
import { writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { agentsBench } from "./agents.ts";
import { apiBench } from "./api.ts";
import { applyBench } from "./apply.ts";
import { hundredBench } from "./hundred.ts";
import { repairBench } from "./repair.ts";
import { machineOf, reportText, type Row } from "./report.ts";
import { FULL, QUICK, type Scale } from "./stacks.ts";
import { tasksBench } from "./tasks.ts";

const BENCHES: Readonly<Record<string, (scale: Scale) => Promise<readonly Row[]>>> = {
  apply: applyBench,
  repair: repairBench,
  agents: agentsBench,
  hundred: hundredBench,
  tasks: tasksBench,
  api: apiBench,
};

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      out: { type: "string" },
    },
  });
  const names = positionals.length === 0 ? Object.keys(BENCHES) : positionals;
  const unknown = names.filter((name) => !Object.hasOwn(BENCHES, name));
  if (unknown.length > 0) {
    process.stderr.write(
      `error: unknown bench ${unknown.join(", ")}\nhint: one of ${Object.keys(BENCHES).join(", ")}\n`,
    );
    return 64;
  }
  const scale = values.quick ? QUICK : FULL;
  const loadBefore = loadavg()[0] ?? 0;
  const rows: Row[] = [];
  for (const name of names) {
    process.stderr.write(`bench ${name}\n`);
    rows.push(...((await BENCHES[name]?.(scale)) ?? []));
  }
  const machine = await machineOf(loadBefore);
  const json = `${JSON.stringify({ machine, quick: values.quick, rows }, null, 2)}\n`;
  if (values.out !== undefined) writeFileSync(values.out, json);
  process.stdout.write(values.json ? json : `${reportText(machine, rows)}\n`);
  return rows.every(({ met }) => met) ? 0 : 1;
}

process.exitCode = await main();
