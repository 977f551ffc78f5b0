/** Runs the CLI in this process, with streams that tests can read and a terminal that tests can be. */
import { PassThrough, Writable } from "node:stream";
import { runCli } from "../../src/cli/cli.ts";
import type { In, Io, Out } from "../../src/cli/io.ts";
import { NOW } from "./fake-daemon.ts";

/** Every write of every test gets a key of its own, as in life. */
let keys = 0;

export interface CliWorld {
  readonly address?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Both ends are a terminal. */
  readonly tty?: boolean;
  /** What is typed or piped in. */
  readonly stdin?: string;
}

export interface Running {
  readonly done: Promise<Ran>;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Ctrl-C. */
  readonly interrupt: () => void;
  /** Codes the process was ended with at once. */
  readonly exits: readonly number[];
  /** How stdin's raw mode was set, in order. */
  readonly rawModes: readonly boolean[];
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts one command line. */
export function startCli(argv: readonly string[], world: CliWorld = {}): Running {
  const stdout = new Sink(world.tty === true);
  const stderr = new Sink(world.tty === true);
  const listeners = new Set<() => void>();
  const exits: number[] = [];
  const rawModes: boolean[] = [];
  const io: Io = {
    stdin: stdinOf(world, rawModes),
    stdout,
    stderr,
    env: { ...(world.address === undefined ? {} : { BERTH_HOST: world.address }), ...world.env },
    cwd: world.cwd ?? "/",
    version: "0.1.0",
    user: "ann",
    now: () => NOW,
    newKey: () => `key-${(keys += 1)}`,
    onInterrupt(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    exit: (code) => void exits.push(code),
  };
  return {
    done: runCli(argv, io).then((code) => ({ code, stdout: stdout.text, stderr: stderr.text })),
    stdout: () => stdout.text,
    stderr: () => stderr.text,
    interrupt: () => {
      for (const listener of listeners) listener();
    },
    exits,
    rawModes,
  };
}

/** Runs one command line to its end. */
export function cli(argv: readonly string[], world: CliWorld = {}): Promise<Ran> {
  return startCli(argv, world).done;
}

class Sink extends Writable implements Out {
  readonly isTTY: boolean;
  readonly columns = 100;
  readonly rows = 24;
  text = "";

  constructor(isTTY: boolean) {
    super({ decodeStrings: false });
    this.isTTY = isTTY;
  }

  override _write(chunk: string | Uint8Array, _encoding: string, done: () => void): void {
    this.text += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
    done();
  }
}

function stdinOf(world: CliWorld, rawModes: boolean[]): In {
  const stream = new PassThrough();
  if (world.stdin !== undefined) stream.end(world.stdin);
  else if (world.tty !== true) stream.end();
  return Object.assign(stream, {
    isTTY: world.tty === true,
    setRawMode: (raw: boolean) => rawModes.push(raw),
  });
}
