/** A unix socket in front of the engine's that a test can cut, stall or make lose an answer. */
import { mkdtemp, rm } from "node:fs/promises";
import { createConnection, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface CuttableSocket {
  /** As for DOCKER_HOST. */
  readonly dockerHost: string;
  /** Ends every connection; new ones are accepted again at once. */
  cut(): void;
  /** While true requests go through and no answer comes back. */
  loseAnswers(lose: boolean): void;
  /**
   * The next `times` requests that match (method and path, as in `POST /v1.45/containers/create`) are carried out by the engine,
   * and their connection ends instead of answering. Returns how many answers were lost so far.
   */
  loseAnswersTo(request: RegExp, times: number): () => number;
  close(): Promise<void>;
}

/** Opens the socket in a directory of its own. */
export async function openCuttableSocket(target = "/var/run/docker.sock"): Promise<CuttableSocket> {
  const directory = await mkdtemp(join(tmpdir(), "berth-cut-"));
  const path = join(directory, "docker.sock");
  const live = new Set<Socket>();
  let losing = false;
  let rule: { readonly request: RegExp; left: number; lost: number } | null = null;
  const server = createServer((client) => {
    const engine = createConnection(target);
    const both = [client, engine];
    for (const socket of both) {
      live.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        live.delete(socket);
        for (const other of both) other.destroy();
      });
    }
    let doomed: typeof rule = null;
    client.on("data", (chunk) => {
      // Node writes a request's head in one piece; what follows it on this connection comes after the answer.
      if (rule !== null && rule.left > 0 && rule.request.test(chunk.toString("latin1"))) {
        rule.left -= 1;
        doomed = rule;
      }
      engine.write(chunk);
    });
    client.on("end", () => engine.end());
    engine.on("data", (chunk) => {
      if (doomed !== null) {
        doomed.lost += 1;
        client.destroy();
      } else if (!losing) client.write(chunk);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(path, resolve);
  });
  const cut = (): void => {
    for (const socket of live) socket.destroy();
  };
  return {
    dockerHost: `unix://${path}`,
    cut,
    loseAnswers: (lose) => {
      losing = lose;
    },
    loseAnswersTo: (request, times) => {
      const made = { request, left: times, lost: 0 };
      rule = made;
      return () => made.lost;
    },
    close: async () => {
      cut();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      await rm(directory, { recursive: true, force: true });
    },
  };
}
