/** Starts one command as an agent: identity, marker, directory and environment are set before its first instruction. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { agentArgv, LOADER_PATH } from "../protocol/entry.ts";
import type { AgentCommand } from "../protocol/entry.ts";
import { firstWordOf, FIRST_MARKER } from "./proc.ts";

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export type LaunchVerdict =
  | Readonly<{ ok: true; pid: number; exited: Promise<Exit>; child: ChildProcess }>
  | Readonly<{ ok: false; reason: string }>;

/** Where a stream of the command goes: a descriptor, nowhere, or a pipe we read. */
export type Sink = number | "ignore" | "pipe";

/** The kernel prefers agents to the runner by this much when memory runs out. */
const AGENT_OOM_STEP = 100;
const MAX_OOM_SCORE = 1_000;
const OOM_SCORE_FILE = "/proc/self/oom_score_adj";

let lastMarker = FIRST_MARKER;

/** A marker no other command of this boot has had. */
export function nextMarker(): number {
  lastMarker += 1;
  return lastMarker;
}

export interface Sinks {
  /** A descriptor to read from; without it stdin is empty. */
  readonly in?: number;
  readonly out: Sink;
  readonly err: Sink;
  /** Becomes descriptor 3. */
  readonly result?: number;
}

/** Forks and execs; the descriptors become the command's own. */
export async function launch(command: AgentCommand, sinks: Sinks): Promise<LaunchVerdict> {
  const [program = "", ...argv] = agentArgv(command);
  const extra = sinks.result === undefined ? [] : [sinks.result];
  let child: ChildProcess;
  try {
    child = withAgentOomScore(() =>
      // A session of its own: no terminal and no group signal reaches from one agent to another, or to us.
      spawn(program, argv, {
        cwd: "/",
        env: {},
        detached: true,
        stdio: [sinks.in ?? "ignore", sinks.out, sinks.err, ...extra],
      }),
    );
  } catch (thrown) {
    // ENOMEM is thrown where EAGAIN is emitted.
    return { ok: false, reason: cannotStart(thrown) };
  }
  const exited = new Promise<Exit>((resolve) => {
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
  if (child.pid !== undefined) {
    child.on("error", () => undefined);
    return { ok: true, pid: child.pid, exited, child };
  }
  const refused = await new Promise<Error>((resolve) => {
    child.once("error", resolve);
  });
  return { ok: false, reason: cannotStart(refused) };
}

function cannotStart(thrown: unknown): string {
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return `the container cannot start a process: ${reason}`;
}

/**
 * A child inherits the score at its fork, so ours is raised for just that moment: lowering it again to what the engine
 * set needs no capability, while writing to a child of another uid would.
 */
function withAgentOomScore<T>(fork: () => T): T {
  const own = readOomScore();
  if (own === null) return fork();
  writeOomScore(Math.min(MAX_OOM_SCORE, own + AGENT_OOM_STEP));
  try {
    return fork();
  } finally {
    writeOomScore(own);
  }
}

function readOomScore(): number | null {
  try {
    return Number(readFileSync(OOM_SCORE_FILE, "utf8"));
  } catch {
    return null;
  }
}

function writeOomScore(score: number): void {
  try {
    writeFileSync(OOM_SCORE_FILE, String(score));
  } catch {
    // Some engines mount /proc read-only; agents then share the runner's score.
  }
}

/** Whether the command itself runs by now: until its exec, the process is still our loader. */
export function isExecuted(pid: number): boolean {
  const word = firstWordOf(pid);
  // An empty word is the blink in which exec swaps the memory; null means gone, which its exit tells.
  return word !== null && word !== "" && word !== LOADER_PATH && !word.startsWith(LABEL);
}

const LABEL = "berth-start:";

/** Our own programs go by this name, so that their error lines can be told from the command's output. */
export function startLabel(runId: string): string {
  return `${LABEL}${runId}`;
}
