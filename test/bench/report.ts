/** What a bench reports: a row a goal, with both sides and a verdict; as a table for people and as JSON. */
import { cpus, loadavg, release, totalmem } from "node:os";
import { run } from "../support/stack.ts";
import { shown } from "./numbers.ts";

export interface Row {
  readonly bench: string;
  readonly what: string;
  readonly unit: string;
  /** Ours; the median where there are several samples. */
  readonly ours: number;
  readonly samples: readonly number[];
  /** What ours is held against, taken in the same run. */
  readonly against: readonly Readonly<{
    name: string;
    value: number;
    samples: readonly number[];
  }>[];
  readonly goal: string;
  readonly met: boolean;
  readonly note?: string;
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly engine: string;
  readonly compose: string;
  readonly node: string;
  readonly postgres: string;
  /** Load average over one minute when the run began and when it ended: anything near the cores is a busy machine. */
  readonly load: readonly [number, number];
}

/** Names the machine; `loadBefore` was read before anything ran. */
export async function machineOf(loadBefore: number): Promise<Machine> {
  const [engine, compose] = await Promise.all([
    run("docker", [
      "info",
      "--format",
      "{{.ServerVersion}}, {{.Driver}}, cgroup v{{.CgroupVersion}}",
    ]),
    run("docker", ["compose", "version", "--short"]),
  ]);
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    kernel: release(),
    engine: engine.stdout.trim(),
    compose: compose.stdout.trim(),
    node: process.version,
    postgres: "in a container, with its own defaults (fsync and full_page_writes on)",
    load: [round(loadBefore), round(loadavg()[0] ?? 0)],
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** The whole report as text. */
export function reportText(machine: Machine, rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.bench,
    `${shown(row.ours)} ${row.unit}`,
    row.against.map(({ name, value }) => `${name} ${shown(value)}`).join(", "),
    row.goal,
    row.met ? "met" : "MISSED",
  ]);
  const table = [["bench", "berth", "against", "goal", "verdict"], ...cells];
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(...table.map((line) => line[column]?.length ?? 0)),
  );
  const lines = table.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  const notes = rows.map(
    ({ bench, what, note }) => `${bench}: ${what}${note === undefined ? "" : ` (${note})`}`,
  );
  return [...lines, "", ...notes, "", machineText(machine)].join("\n");
}

function machineText(machine: Machine): string {
  const { cpu, cores, memoryGiB, kernel, engine, compose, node, postgres, load } = machine;
  return [
    `${cpu}, ${cores} cores, ${memoryGiB} GiB, kernel ${kernel}; engine ${engine}; compose ${compose}; node ${node}`,
    `Postgres ${postgres}; load average ${load[0]} before, ${load[1]} after`,
  ].join("\n");
}
