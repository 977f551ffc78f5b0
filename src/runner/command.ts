/** Short commands run as an agent, to their end: health checks, making the home directory, git. */
import type { ChildProcess } from "node:child_process";
import type { Clock } from "./clock.ts";
import { condemn } from "./condemn.ts";
import type { Environment } from "./environment.ts";
import type { Identity } from "./identity.ts";
import { launch, nextMarker, startLabel } from "./launch.ts";
import { killTree } from "./tree-kill.ts";

/** Of what a short command prints only its last words are kept. */
const TAIL_BYTES = 2_048;

export interface ShortCommand {
  readonly identity: Identity;
  readonly cwd: string;
  readonly environment: Environment;
  readonly argv: readonly string[];
  readonly deadlineMs: number;
}

export interface ShortOutcome {
  readonly ok: boolean;
  /** Why not, in one line; empty when it went well. */
  readonly reason: string;
}

/** Runs it, and when it ended or its time is over, kills whatever it left behind. */
export async function runShort(command: ShortCommand, clock: Clock): Promise<ShortOutcome> {
  const marker = nextMarker();
  const label = startLabel("short");
  const launched = await launch(
    { ...command.identity, ...command, marker, label },
    { out: "ignore", err: "pipe" },
  );
  if (!launched.ok) return launched;
  const tail = tailOf(launched.child);
  const ended = await Promise.race([launched.exited, deadline(clock, command.deadlineMs)]);
  const { gone } = await killTree(marker);
  if (!gone) condemn(`a process of ${command.argv[0] ?? "a command"} cannot be killed`);
  if (ended === "late") return { ok: false, reason: `no answer in ${command.deadlineMs} ms` };
  if (ended.code === 0) return { ok: true, reason: "" };
  const how = ended.code === null ? `signal ${ended.signal ?? "?"}` : `exit code ${ended.code}`;
  const said = tellingLine(tail(), label);
  return { ok: false, reason: said === "" ? how : `${how}: ${said}` };
}

/** The line that says what went wrong: a `fatal:` or `error:` if there is one, else the last. */
function tellingLine(text: string, label: string): string {
  const lines = text.trim().split("\n");
  const telling = lines.findLast((line) => /^(fatal|error):/i.test(line)) ?? lines.at(-1) ?? "";
  return telling.replace(`${label}: `, "");
}

function deadline(clock: Clock, ms: number): Promise<"late"> {
  return new Promise((resolve) => {
    clock.after(ms, () => resolve("late"));
  });
}

function tailOf(child: ChildProcess): () => string {
  let tail = Buffer.alloc(0);
  child.stderr?.on("data", (chunk: Buffer) => {
    tail = Buffer.concat([tail, chunk]).subarray(-TAIL_BYTES);
  });
  child.stderr?.on("error", () => undefined);
  return () => tail.toString("utf8");
}
