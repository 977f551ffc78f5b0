/** The API under load: mixed requests at a fixed rate over TCP with a token, 500 readers of events, and a scrape, on a full host. */
import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually, type Stack } from "../support/stack.ts";
import { agent, hostFile, namesOf, SLEEP, somePool } from "./declared.ts";
import { median, msOf, percentile } from "./numbers.ts";
import type { Row } from "./report.ts";
import { benchStack, expectRunning, metric, type Scale } from "./stacks.ts";
import { mixOf } from "./api-mix.ts";
import { openReaders } from "./api-readers.ts";
import { pageRows } from "./page.ts";

const AGENTS_A_PROJECT = 5;
const RATE = 200;
const P99_MS = 50;
const READERS = 500;
const REACH_MS = 250;
const EVENTS = 20;
const SCRAPES = 20;
const SCRAPE_MS = 50;
const SCRAPE_BYTES = 1_048_576;
const RECONCILE_RATIO = 1.5;
/** A wish that changes nothing, for its host pass: by themselves they come every 15 s, and a mean of three says little. */
const NUDGE_MS = 2_000;
/** Longest quiet look; it has 10 passes then. */
const QUIET_S = 20;
const PORT = 20_000 + (process.pid % 10_000);

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}

export async function apiBench(scale: Scale): Promise<readonly Row[]> {
  const names = namesOf(scale.hundred);
  const stack = await benchStack();
  try {
    await stack.killDaemon("SIGTERM");
    await stack.startDaemon({ BERTH_LISTEN: `unix:${stack.socket},127.0.0.1:${PORT}` });
    const worker = "      work: { command: [/bin/true], on: task, max: 1 }\n";
    const agents = agent("sleep", SLEEP, AGENTS_A_PROJECT) + worker;
    await stack.apply(hostFile({ pool: somePool().pool, names, agents }));
    await expectRunning(stack, names.length * AGENTS_A_PROJECT);
    const made = ["token", "create", "bench", "--scope", "admin", "-o", "name"];
    const token = (await stack.ok(...made)).trim();
    const mixed = await mixedRows(stack, { token, names, seconds: scale.apiSeconds });
    const rest = [await readersRow(stack, token, names), ...(await scrapeRows(stack))];
    const agentsRunning = names.length * AGENTS_A_PROJECT;
    const page = await pageRows(`http://127.0.0.1:${PORT}/#token=${token}`, {
      projects: names.length,
      agents: agentsRunning,
    });
    return [...mixed, ...rest, ...page];
  } finally {
    await stack.close();
  }
}

/** Seconds that passes took so far, and their number; `pass` is `host` or `project`, else both. */
async function reconciled(stack: Stack, pass = ""): Promise<readonly [number, number]> {
  const name = "berth_reconcile_duration_seconds";
  return [await metric(stack, `${name}_sum`, pass), await metric(stack, `${name}_count`, pass)];
}

const HOST = 'pass="host"';

const meanMs = (
  [sum, count]: readonly [number, number],
  [sum2, count2]: readonly [number, number],
) => ((sum2 - sum) * 1_000) / (count2 - count);

interface Load {
  readonly token: string;
  readonly names: readonly string[];
  readonly seconds: number;
}

/** Open loop: a request leaves when its time has come, whether or not the ones before it were answered. */
async function mixedRows(stack: Stack, { token, names, seconds }: Load): Promise<readonly Row[]> {
  const pool = new Agent({ keepAlive: true, maxSockets: 100 });
  const nudging = nudge({ token, names, pool });
  const quiet = await reconciled(stack, HOST);
  await sleep(Math.min(seconds, QUIET_S) * 1_000);
  const before = await reconciled(stack, HOST);
  const latencies: number[] = [];
  const errors: string[] = [];
  const mix = mixOf(names);
  const began = performance.now();
  const flying: Promise<void>[] = [];
  for (let at = 0; at < RATE * seconds; at += 1) {
    const due = began + (at * 1_000) / RATE;
    const early = due - performance.now();
    if (early > 0) await sleep(early);
    const asked = mix(at);
    flying.push(timed(due, send(asked, token, pool), { asked, latencies, errors }));
  }
  await Promise.all(flying);
  const after = await reconciled(stack, HOST);
  await nudging.stop();
  pool.destroy();
  const busy = meanMs(before, after);
  const calm = meanMs(quiet, before);
  const p99 = percentile(latencies, 99);
  return [
    {
      bench: "api",
      what: `p99 of ${RATE} mixed requests a second for ${seconds} s, ${names.length} projects`,
      unit: "ms",
      ours: p99,
      samples: [median(latencies), percentile(latencies, 95), p99, Math.max(...latencies)],
      against: [{ name: "errors", value: errors.length, samples: [] }],
      goal: `≤ ${P99_MS} ms, no error`,
      met: p99 <= P99_MS && errors.length === 0,
      note: `late starts of the load count as latency; ${errors.slice(0, 3).join("; ")}`,
    },
    {
      bench: "api",
      what: `mean pass over the host under that load (${after[1] - before[1]} passes)`,
      unit: "ms",
      ours: busy,
      samples: [busy],
      against: [{ name: "quiet", value: calm, samples: [calm] }],
      goal: `≤ ${RECONCILE_RATIO} × quiet`,
      met: busy <= calm * RECONCILE_RATIO,
      note: `${before[1] - quiet[1]} quiet passes; a wish that changes nothing asks for one every ${NUDGE_MS / 1_000} s`,
    },
  ];
}

interface Nudged {
  readonly token: string;
  readonly names: readonly string[];
  readonly pool: Agent;
}

/** Asks for passes at a steady rate, with load and without. */
function nudge({ token, names, pool }: Nudged): Readonly<{ stop(): Promise<void> }> {
  const stopped = new AbortController();
  const run = async (): Promise<void> => {
    for (let at = 0; !stopped.signal.aborted; at += 1) {
      const path = `/projects/${names[at % names.length]}/start`;
      await send({ method: "POST", path }, token, pool);
      await sleep(NUDGE_MS);
    }
  };
  const done = run();
  return {
    async stop() {
      stopped.abort();
      await done;
    },
  };
}

interface Tally {
  readonly asked: Asked;
  readonly latencies: number[];
  readonly errors: string[];
}

async function timed(
  due: number,
  answer: ReturnType<typeof send>,
  { asked, latencies, errors }: Tally,
): Promise<void> {
  const answered = await answer.catch((error: unknown) => ({ status: 599, body: String(error) }));
  latencies.push(performance.now() - due);
  if (answered.status >= 400)
    errors.push(`${asked.method} ${asked.path} ${answered.status} ${answered.body}`);
}

function send(
  { method, path, body }: Asked,
  token: string,
  pool: Agent,
): Promise<Readonly<{ status: number; body: string }>> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const outgoing = request({
      host: "127.0.0.1",
      port: PORT,
      agent: pool,
      method,
      path: `/api/v1${path}`,
      headers: {
        authorization: `Bearer ${token}`,
        ...(text === undefined
          ? {}
          : { "content-type": "application/json", "content-length": Buffer.byteLength(text) }),
      },
    });
    outgoing.on("error", reject);
    outgoing.on("response", (response) => {
      let found = "";
      response.on("data", (chunk: Buffer) => {
        if (found.length < 200) found += chunk.toString();
      });
      response.on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: found }));
    });
    outgoing.end(text);
  });
}

/** From the moment an event is recorded until the last of all readers has it. */
async function readersRow(stack: Stack, token: string, names: readonly string[]): Promise<Row> {
  const readers = await openReaders({ port: PORT, token, count: READERS });
  const reached: number[] = [];
  for (let at = 0; at < EVENTS; at += 1) {
    const project = names[at % names.length] ?? "";
    const told = readers.expect(
      (event) => event.project === project && event.kind === "project.asked",
    );
    await stack.ok("restart", `${project}/sleep`, "--no-wait");
    const { recordedAt, lastAt } = await told;
    reached.push(lastAt - recordedAt);
    await eventually("passes are over", async () => (await quietNow(stack)) || undefined);
  }
  readers.close();
  return {
    bench: "api",
    what: `an event reaches all of ${READERS} readers (slowest of ${EVENTS} events)`,
    unit: "ms",
    ours: Math.max(...reached),
    samples: reached,
    against: [{ name: "median", value: median(reached), samples: [] }],
    goal: `≤ ${REACH_MS} ms`,
    met: Math.max(...reached) <= REACH_MS,
  };
}

/** No pass ended within the last moment. */
async function quietNow(stack: Stack): Promise<boolean> {
  const [, before] = await reconciled(stack);
  await sleep(200);
  const [, after] = await reconciled(stack);
  return before === after;
}

async function scrapeRows(stack: Stack): Promise<readonly Row[]> {
  const times: number[] = [];
  let bytes = 0;
  for (let at = 0; at < SCRAPES; at += 1) {
    const took = await msOf(async () => {
      bytes = Buffer.byteLength((await stack.get("/metrics")).body);
    });
    times.push(took);
  }
  return [
    {
      bench: "api",
      what: "a scrape of /metrics",
      unit: "ms",
      ours: median(times),
      samples: times,
      against: [{ name: "KiB", value: bytes / 1024, samples: [] }],
      goal: `≤ ${SCRAPE_MS} ms and ≤ 1 MiB`,
      met: median(times) <= SCRAPE_MS && bytes <= SCRAPE_BYTES,
    },
  ];
}
