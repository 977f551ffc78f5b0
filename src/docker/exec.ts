/** A command run beside the runner in a live container: for people at a terminal, never for agents. */
import { finished, Readable, type Duplex } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import type Docker from "dockerode";
import { DEADLINE, type Connection } from "./connection.ts";
import { demux } from "./demux.ts";
import type { ExecRequest, ExecSession } from "./door.ts";

/** How often a running command is looked at while its streams are open: they may outlive it, or end before it. */
const POLL_MS = 1_000;
/** After the streams' end the exit code is a matter of milliseconds. */
const SETTLE_POLL_MS = 20;
const SETTLE_MS = 5_000;
/** A busy engine may let one look time out; after so many it has forgotten the command. */
const LOOKS_MISSED = 3;

/** Starts the command with its streams attached. */
export async function startExec(link: Connection, request: ExecRequest): Promise<ExecSession> {
  const exec = await link.call("create exec", DEADLINE.quick, (abortSignal) =>
    link.api.getContainer(request.containerId).exec({
      Cmd: [...request.argv],
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
      Tty: request.tty,
      Env: Object.entries(request.environment).map(([name, value]) => `${name}=${value}`),
      ...(request.user === null ? {} : { User: request.user }),
      abortSignal,
    }),
  );
  const stream: Duplex = await link.call("start exec", DEADLINE.quick, (abortSignal) =>
    link.streams
      .getExec(exec.id)
      .start({ hijack: true, stdin: true, Tty: request.tty, abortSignal }),
  );
  const ended = new AbortController();
  finished(stream, { writable: false }, () => ended.abort());
  // Before anybody listens, a broken connection must not be an uncaught error.
  stream.on("error", () => undefined);
  const outputs = request.tty ? { stdout: stream, stderr: Readable.from([]) } : demux(stream);
  return {
    stream,
    ...outputs,
    resize: (columns, rows) => resize(link, exec, { columns, rows }),
    exitCode: () => exitCode(link, exec, ended.signal),
  };
}

async function resize(
  link: Connection,
  exec: Docker.Exec,
  size: Readonly<{ columns: number; rows: number }>,
): Promise<void> {
  await link.call("resize exec", DEADLINE.quick, (abortSignal) => {
    const body = { h: size.rows, w: size.columns, abortSignal };
    return link.api.getExec(exec.id).resize(body);
  });
}

/** Null when the command still runs long after its streams ended, or the engine forgot it (a restart does that). */
async function exitCode(
  link: Connection,
  exec: Docker.Exec,
  ended: AbortSignal,
): Promise<number | null> {
  let missed = 0;
  for (let patience = SETTLE_MS; patience > 0;) {
    const state = await lookAt(link, exec);
    if (state === null && (missed += 1) >= LOOKS_MISSED) return null;
    // Not running and without a code: the engine has answered the start, but has not started it yet.
    if (state !== null && !state.running && state.exitCode !== null) return state.exitCode;
    if (ended.aborted) patience -= SETTLE_POLL_MS;
    const pause = ended.aborted
      ? wait(SETTLE_POLL_MS)
      : wait(POLL_MS, undefined, { signal: ended });
    // Cut short by the streams' end.
    await pause.catch(() => undefined);
  }
  return null;
}

async function lookAt(
  link: Connection,
  exec: Docker.Exec,
): Promise<Readonly<{ running: boolean; exitCode: number | null }> | null> {
  try {
    const found = await link.call("inspect exec", DEADLINE.quick, (abortSignal) =>
      link.api.getExec(exec.id).inspect({ abortSignal }),
    );
    return { running: found.Running, exitCode: found.ExitCode };
  } catch {
    return null;
  }
}
