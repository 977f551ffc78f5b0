/** Short commands run as an agent, to their end: health checks, making the home directory, git. */
import type { Clock } from "./clock.ts";
import { condemn } from "./condemn.ts";
import type { Environment } from "../model/agent-environment.ts";
import { readPipe } from "./fifo.ts";
import type { PipeReader } from "./fifo.ts";
import type { Identity } from "../model/identity.ts";
import { nextMarker } from "./launch.ts";
import type { Launcher } from "./launch.ts";
import { DRAIN_DEADLINE_MS, within } from "./run.ts";
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

export interface ShortRoom {
  readonly clock: Clock;
  readonly launcher: Launcher;
}

/** Runs it, and when it ended or its time is over, kills whatever it left behind. */
export async function runShort(command: ShortCommand, room: ShortRoom): Promise<ShortOutcome> {
  const marker = nextMarker();
  const tail = new Tail();
  const readers: PipeReader[] = [];
  const launched = await room.launcher.start(
    { ...command.identity, ...command, marker },
    { heard: ["stderr"] },
    (_, readFd) => readers.push(readPipe(readFd, (bytes) => tail.push(bytes))),
  );
  if (!launched.ok) return launched;
  const ended = await Promise.race([launched.exited, deadline(room.clock, command.deadlineMs)]);
  const gone = (ended !== "late" && ended.alone) || (await killTree(marker)).gone;
  if (!gone) condemn(`a process of ${command.argv[0] ?? "a command"} cannot be killed`);
  await within(Promise.all(readers.map((reader) => reader.ended)), DRAIN_DEADLINE_MS);
  for (const reader of readers) reader.destroy();
  if (ended === "late") return { ok: false, reason: `no answer in ${command.deadlineMs} ms` };
  if (ended.code === 0) return { ok: true, reason: "" };
  const how = ended.code === null ? `signal ${ended.signal ?? "?"}` : `exit code ${ended.code}`;
  const said = tellingLine(tail.text());
  return { ok: false, reason: said === "" ? how : `${how}: ${said}` };
}

/** The line that says what went wrong: a `fatal:` or `error:` if there is one, else the last. */
function tellingLine(text: string): string {
  const lines = text.trim().split("\n");
  return lines.findLast((line) => /^(fatal|error):/i.test(line)) ?? lines.at(-1) ?? "";
}

function deadline(clock: Clock, ms: number): Promise<"late"> {
  return new Promise((resolve) => {
    clock.after(ms, () => resolve("late"));
  });
}

/** The last words, whatever was said before. */
class Tail {
  #bytes = Buffer.alloc(0);

  push(chunk: Uint8Array): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]).subarray(-TAIL_BYTES);
  }

  text(): string {
    return this.#bytes.toString("utf8");
  }
}
