/** A real Prometheus for a test: scrapes one address, evaluates Berth's rules, forgets everything at the end. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "./stack.ts";

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

export interface TestPrometheus {
  /** An instant query; throws with Prometheus' own words. */
  query(expr: string): Promise<readonly Sample[]>;
  close(): Promise<void>;
}

/** Starts with the shipped configuration, but another target and a scrape each second. */
export async function startPrometheus(
  target: Readonly<{ address: string; token: string }>,
): Promise<TestPrometheus> {
  const directory = mkdtempSync(join(tmpdir(), "berth-prometheus-"));
  const port = await freePort();
  const token = join(directory, "token");
  writeFileSync(token, target.token);
  writeFileSync(join(directory, "prometheus.yml"), configured(target.address, token));
  mkdirSync(join(directory, "rules"));
  for (const name of ["alerts", "recording"])
    writeFileSync(
      join(directory, "rules", `${name}.yml`),
      quick(readFileSync(`compose/prometheus/rules/${name}.yml`, "utf8")),
    );
  const child = spawn(
    "prometheus",
    [
      `--config.file=${directory}/prometheus.yml`,
      `--storage.tsdb.path=${directory}/tsdb`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--log.level=warn",
    ],
    { stdio: "ignore" },
  );
  const ask = async (path: string): Promise<unknown> =>
    (
      await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(10_000) })
    ).json();
  const gone = ended(child);
  const query: TestPrometheus["query"] = async (expr) => {
    const answer = (await ask(`/api/v1/query?query=${encodeURIComponent(expr)}`)) as {
      status: string;
      error?: string;
      data?: { result: Sample[] };
    };
    if (answer.status !== "success") throw new Error(`${expr}: ${answer.error ?? ""}`);
    return answer.data?.result ?? [];
  };
  await eventually("Prometheus has scraped the daemon", async () =>
    (await query('up{job="berth"} == 1')).length > 0 ? true : undefined,
  );
  return {
    query,
    async close() {
      child.kill("SIGKILL");
      await gone;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** The file that is shipped, so that a mistake in it shows here. */
function configured(address: string, tokenFile: string): string {
  return quick(readFileSync("compose/prometheus/prometheus.yml", "utf8"))
    .replace("scrape_timeout: 10s", "scrape_timeout: 1s")
    .replace("daemon:9464", address)
    .replace("/run/secrets/metrics-token", tokenFile);
}

/** Each second instead of each quarter of a minute. */
function quick(text: string): string {
  return text.replaceAll("15s", "1s");
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve_, reject) => {
    child.once("exit", () => resolve_());
    child.once("error", reject);
  });
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}
