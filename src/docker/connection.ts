/** The connection to one engine: two clients, and the one way by which every call is guarded, timed and translated. */
import { Agent } from "node:http";
import { Readable } from "node:stream";
import { inspect } from "node:util";
import Docker from "dockerode";
import { openGuard, type BreakerState } from "../guard/guard.ts";
import { dockerError, isSilence, translate } from "./errors.ts";
import type { BerthError } from "../base/errors.ts";

/** `volume-subpath` needs it; engines since 26 speak it. */
const API_VERSION = "v1.45";
const DEFAULT_HOST = "unix:///var/run/docker.sock";
/** Bounds sockets to the engine; the loop asks for at most 8 things at once, terminals and errands come on top. */
const MAX_SOCKETS = 64;
/** A call's socket silent for longer than any call's own deadline is given up, whatever the caller does. */
const CALL_SILENCE_MS = 20_000;

/**
 * Deadlines by the size of the work, in milliseconds.
 * A list only reads, and is long on a busy engine: given up early it would be asked for again, and cost more.
 */
export const DEADLINE = {
  quick: 5_000,
  list: 10_000,
  create: 15_000,
  fill: 120_000,
  errand: 30_000,
} as const;

export interface RequestRecord {
  readonly operation: string;
  readonly seconds: number;
  readonly ok: boolean;
}

export interface ConnectionOptions {
  /** As in DOCKER_HOST: `unix:///path` or `tcp://host:port`; null for the usual socket. */
  readonly dockerHost: string | null;
  /** Called once for every request, for the duration histogram. */
  readonly onRequest?: ((record: RequestRecord) => void) | undefined;
  /** Called when the door's breaker moves. */
  readonly onBreaker?: ((state: BreakerState) => void) | undefined;
}

export interface Connection {
  /** For calls: an idle socket is given up. */
  readonly api: Docker;
  /** For streams and long waits: quiet for as long as it takes. */
  readonly streams: Docker;
  /** Runs `work` under a deadline and the breaker; throws BerthErrors only. */
  call<T>(
    operation: string,
    timeoutMs: number,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T>;
  /** Volumes known to be of this install, and when (ms of `performance.now`) that was last seen. */
  readonly ownVolumes: Map<string, number>;
  close(): void;
}

/** Opens both clients; nothing is sent yet. */
export function connect(options: ConnectionOptions): Connection {
  const where = address(options.dockerHost ?? DEFAULT_HOST);
  const calls = new PlainAgent({ keepAlive: true, maxSockets: MAX_SOCKETS });
  const quiet = new PlainAgent({ keepAlive: false, maxSockets: Infinity });
  const guard = openGuard("docker");
  if (options.onBreaker !== undefined) guard.onState(options.onBreaker);
  return {
    api: client({ ...where, timeout: CALL_SILENCE_MS }, calls),
    streams: client(where, quiet),
    call: async (operation, timeoutMs, work) => {
      const from = performance.now();
      let ok = false;
      try {
        const answer = await guard.call(operation, timeoutMs, (signal) =>
          answered(operation, work(signal)),
        );
        if (answer.kind === "refused") throw answer.error;
        ok = true;
        return answer.value;
      } finally {
        options.onRequest?.({ operation, seconds: (performance.now() - from) / 1000, ok });
      }
    },
    ownVolumes: new Map(),
    close: () => {
      guard.close();
      calls.destroy();
      quiet.destroy();
    },
  };
}

/**
 * docker-modem inspects the options of every request, hidden fields and all, for a debug line that is almost never printed. An
 * agent holds every socket there is: shown in full it took nine tenths of the daemon's CPU while projects started.
 */
class PlainAgent extends Agent {
  [inspect.custom](): string {
    return "Agent {}";
  }
}

/** dockerode hands `agent` on, though its type does not name it. */
function client(options: Docker.DockerOptions, agent: Agent): Docker {
  const withAgent = { ...options, version: API_VERSION, agent };
  return new Docker(withAgent);
}

/** dockerode's streams are typed by an older interface; a response is a Readable, and anything else is refused. */
export function readable(stream: NodeJS.ReadableStream): Readable {
  if (stream instanceof Readable) return stream;
  throw dockerError("docker.engine-failed", "the engine's answer is not a stream");
}

type Answer<T> =
  | Readonly<{ kind: "value"; value: T }>
  | Readonly<{ kind: "refused"; error: BerthError }>;

/** Only silence counts against the breaker: a full disk or a taken name says that the engine is there. */
async function answered<T>(operation: string, work: Promise<T>): Promise<Answer<T>> {
  try {
    return { kind: "value", value: await work };
  } catch (thrown) {
    const error = translate(operation, thrown);
    if (isSilence(error)) throw error;
    return { kind: "refused", error };
  }
}

/** `host` is always given, so that docker-modem's own reading of the environment has no say. */
function address(dockerHost: string): Docker.DockerOptions {
  if (dockerHost.startsWith("unix://"))
    return { socketPath: dockerHost.slice("unix://".length), host: "" };
  const url = URL.canParse(dockerHost) ? new URL(dockerHost) : null;
  if (url === null || (url.protocol !== "tcp:" && url.protocol !== "http:") || url.hostname === "")
    throw dockerError(
      "docker.host-invalid",
      `DOCKER_HOST ${dockerHost} is neither unix:///path nor tcp://host:port`,
    );
  return { host: url.hostname, port: url.port === "" ? "2375" : url.port, protocol: "http" };
}
