/** Servers for tests: the one an environment variable names, else a container of this test file's own. */
import { execFile } from "node:child_process";
import { createServer } from "node:net";
import { promisify } from "node:util";
import { GenericContainer, Wait } from "testcontainers";
import type { StartedTestContainer } from "testcontainers";

const run = promisify(execFile);
const START_MS = 60_000;
const HOST = "127.0.0.1";

export interface TestServer {
  readonly host: string;
  readonly port: number;
  /** SIGSTOP and SIGCONT of everything in the container. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** SIGKILL; `revive` starts it again on the same port. */
  kill(): Promise<void>;
  revive(): Promise<void>;
  stop(): Promise<void>;
}

export interface ServerRequest {
  readonly image: string;
  readonly port: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly command: readonly string[];
  /** Reached at its own address, as the daemon reaches its stores: through a port of the host, every byte costs a proxy's CPU. */
  readonly direct?: boolean;
  /** Directories in memory, with their mount options. */
  readonly inMemory?: Readonly<Record<string, string>>;
  /** Throws until the server answers. */
  readonly ask: (host: string, port: number) => Promise<unknown>;
}

/** Starts a container on a port of the host that stays the same over `kill` and `revive`. */
export async function startServer(request: ServerRequest): Promise<TestServer> {
  // No image of testcontainers' own reaper exists where no registry is; `stop` in afterAll and the label clean up instead.
  process.env["TESTCONTAINERS_RYUK_DISABLED"] = "true";
  const host = await freePort();
  let container: StartedTestContainer;
  try {
    container = await new GenericContainer(request.image)
      .withEnvironment({ ...request.environment })
      .withCommand([...request.command])
      .withLabels({ "berth.test": "server" })
      .withTmpFs({ ...request.inMemory })
      .withExposedPorts({ container: request.port, host })
      .withWaitStrategy(Wait.forListeningPorts())
      .withStartupTimeout(START_MS)
      .start();
  } catch (thrown) {
    throw new Error(`cannot start ${request.image}: run scripts/engine and scripts/images first`, {
      cause: thrown,
    });
  }
  const at =
    request.direct === true
      ? { host: container.getIpAddress("bridge"), port: request.port }
      : { host: HOST, port: host };
  await untilAnswered(() => request.ask(at.host, at.port));
  const docker = async (verb: string): Promise<void> =>
    void (await run("docker", [verb, container.getId()]));
  return {
    ...at,
    freeze: () => docker("pause"),
    thaw: () => docker("unpause"),
    kill: () => docker("kill"),
    revive: () => docker("start"),
    stop: async () => void (await container.stop({ remove: true, removeVolumes: true })),
  };
}

async function untilAnswered(ask: () => Promise<unknown>): Promise<void> {
  const until = Date.now() + START_MS;
  for (;;) {
    try {
      await ask();
      return;
    } catch (thrown) {
      if (Date.now() > until) throw thrown;
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}
