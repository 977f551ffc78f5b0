/** One JSON POST over a unix socket, as the CLI sends it, without the cost of a process. */
import { Agent, request } from "node:http";

export interface Posted {
  readonly status: number;
  readonly body: string;
}

/** Keeps its connection: a bench measures the daemon, not the connecting. */
const KEPT = new Agent({ keepAlive: true, maxSockets: 64 });

/** Rejects when the daemon is not there; `timeoutMs` bounds the whole call. */
export function post(
  socketPath: string,
  path: string,
  { body, timeoutMs = 20_000 }: Readonly<{ body: unknown; timeoutMs?: number }>,
): Promise<Posted> {
  return new Promise((resolve, reject) => {
    const text = JSON.stringify(body);
    const headers = {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(text),
    };
    const options = { socketPath, path, method: "POST", headers, timeout: timeoutMs, agent: KEPT };
    const asked = request(options, (response) => {
      let answer = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (answer += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: answer }));
      response.on("error", reject);
    });
    asked.on("error", reject);
    asked.on("timeout", () => asked.destroy(new Error("timed out")));
    asked.end(text);
  });
}
