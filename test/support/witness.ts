/** Watches an engine for a test's whole length: never two live containers of one project, not for an instant. */
import { request } from "node:http";

const PAUSE_MS = 20;
const LOOK_MS = 2_000;
const LIVE: ReadonlySet<string> = new Set(["running", "paused", "restarting"]);

export interface Witness {
  /** Ends the watch; what was seen. */
  stop(): Promise<Testimony>;
}

export interface Testimony {
  /** Looks that the engine answered. */
  readonly looks: number;
  /** Each moment at which a project had more than one live container, for people. */
  readonly doubles: readonly string[];
}

interface Listed {
  readonly Id: string;
  readonly State: string;
  readonly Labels: Readonly<Record<string, string>>;
}

/** Begins to look, over and over, at every container of the install; an engine that is away is looked at again. */
export function witness(
  install: string,
  dockerHost = process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock",
): Witness {
  const socketPath = dockerHost.replace("unix://", "");
  const ending = new AbortController();
  const doubles: string[] = [];
  let looks = 0;
  const watch = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      const seen = await list(socketPath, install).catch(() => null);
      if (seen !== null) {
        looks += 1;
        doubles.push(...doublesIn(seen));
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  };
  const watching = watch();
  return {
    async stop() {
      ending.abort();
      await watching;
      return { looks, doubles };
    },
  };
}

function doublesIn(seen: readonly Listed[]): readonly string[] {
  const live = seen.filter(
    ({ State, Labels }) => LIVE.has(State) && Labels["berth.project"] !== undefined,
  );
  return [...Map.groupBy(live, ({ Labels }) => Labels["berth.project"])].flatMap(([project, of]) =>
    of.length > 1 ? [`${project}: ${of.map(({ Id }) => Id.slice(0, 12)).join(" and ")}`] : [],
  );
}

function list(socketPath: string, install: string): Promise<readonly Listed[]> {
  const filters = encodeURIComponent(JSON.stringify({ label: [`berth.install=${install}`] }));
  const path = `/v1.45/containers/json?all=true&filters=${filters}`;
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, timeout: LOOK_MS }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (body += chunk));
      response.on("error", reject);
      response.on("end", () => {
        // as: the engine's own answer to a list, of which three fields are read
        if (response.statusCode === 200) resolve(JSON.parse(body) as readonly Listed[]);
        else reject(new Error(`the engine answered ${response.statusCode}`));
      });
    });
    asked.on("error", reject);
    asked.on("timeout", () => asked.destroy(new Error("timed out")));
    asked.end();
  });
}
