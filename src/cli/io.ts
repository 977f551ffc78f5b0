/** The outside of the CLI: streams, environment, clock and signals, passed in so that tests can be the terminal. */
import { tamed } from "../base/controls.ts";
import { userInfo } from "node:os";

export interface Out extends NodeJS.WritableStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

export interface In extends NodeJS.ReadableStream {
  readonly isTTY?: boolean | undefined;
  setRawMode?(raw: boolean): unknown;
}

export interface Io {
  readonly stdin: In;
  readonly stdout: Out;
  readonly stderr: Out;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly version: string;
  readonly user: string | null;
  /** Milliseconds since the epoch. */
  now(): number;
  newKey(): string;
  /** Calls back on every Ctrl-C; the answer stops that. */
  onInterrupt(listener: () => void): () => void;
  /** Ends the process at once: the second Ctrl-C. */
  exit(code: number): void;
}

/** A line of somebody else's for one stream: a terminal could be steered by it, anything else gets it as it is. */
export function lineFor(out: Out, line: string): string {
  return out.isTTY === true ? tamed(line) : line;
}

/** A variable that says something: what is set to nothing is as good as unset, as compose and shells hand it on. */
export function variableOf(env: Io["env"], name: string): string | null {
  const value = env[name];
  return value === undefined || value === "" ? null : value;
}

/** The real thing. */
export function ioOfProcess(version: string): Io {
  return {
    // Made when it is looked at: most verbs never read it, and it brings file streams along.
    get stdin() {
      return process.stdin;
    },
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    version,
    user: userName(),
    now: () => Date.now(),
    newKey,
    onInterrupt(listener) {
      process.on("SIGINT", listener);
      process.on("SIGTERM", listener);
      return () => {
        process.off("SIGINT", listener);
        process.off("SIGTERM", listener);
      };
    },
    exit: (code) => process.exit(code),
  };
}

/** 52 random bits. */
const chance = (): string => Math.floor(Math.random() * 2 ** 52).toString(36);

/**
 * A key that no other call has: who makes it, when, and 104 bits of chance. No secret, so not from node:crypto, which takes
 * 5 ms to load, a tenth of a short verb.
 */
function newKey(): string {
  return [Date.now().toString(36), process.pid.toString(36), chance(), chance()].join("-");
}

/** A uid without a passwd entry has no name. */
function userName(): string | null {
  try {
    return userInfo().username;
  } catch {
    return null;
  }
}
