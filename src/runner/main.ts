/** The in-container program: boots from the spool, serves the control socket, ends with SIGTERM. */
import { chmodSync } from "node:fs";
import { CONTROL_SOCKET, JOURNAL_FOLDER, RUNS_FOLDER } from "../protocol/spool.ts";
import { ENDING_VARIABLE, FIRST_VARIABLE } from "../protocol/first-starts.ts";
import { newRunId } from "../protocol/run-id.ts";
import { Clock } from "./clock.ts";
import { condemn } from "./condemn.ts";
import { ControlServer } from "./control.ts";
import { imageEnvironment } from "./image.ts";
import { readUserFiles } from "./image.ts";
import { FirstStarts } from "./first-starts.ts";
import { Journal } from "./journal.ts";
import { Launcher } from "./launch.ts";
import { OpenRuns } from "./open-runs.ts";
import { OutputStore } from "./output.ts";
import { Runner, SAMPLE_MS } from "./runner.ts";
import { SecretFiles } from "./secrets.ts";
import { Spool } from "./spool.ts";

const SPOOL = "/run/berth";
/** Earlier boots' output is counted when the agents are up. */
const ADOPT_OUTPUT_AFTER_MS = 2_000;
/** Replaced by the bundler. */
declare const BERTH_VERSION: string;

/** Wires everything and starts; resolves when the control socket answers. */
async function start(): Promise<void> {
  const clock = new Clock();
  clock.start();
  const spool = new Spool(SPOOL);
  const first = new FirstStarts(spool, process.env[FIRST_VARIABLE] !== undefined);
  const boot = first.boot ?? newRunId(clock.now(), Math.random);
  chmodSync(SPOOL, 0o700);
  const launcher = new Launcher(clock);
  const journal = new Journal(spool.path(JOURNAL_FOLDER), { boot, now: () => clock.now() });
  const store = new OutputStore(spool.path(RUNS_FOLDER), (run, bytes) => {
    runner.record({ kind: "dropped", run, bytes });
  });
  const runner: Runner = new Runner({
    boot,
    first,
    clock,
    store,
    launcher,
    journal,
    spool,
    openRuns: new OpenRuns(spool.path("open-runs")),
    secrets: new SecretFiles(),
    image: { environment: imageEnvironment(), users: readUserFiles() },
    version: BERTH_VERSION,
  });
  const server = new ControlServer(spool.path(CONTROL_SOCKET), {
    hello: (frame) => runner.hello(frame),
    frame: (frame, line) => runner.frame(frame, line),
    drained: (line) => runner.drained(line),
    serving: (line) => runner.serving(line),
    closed: () => runner.closed(),
  });
  const end = endOnSignal(runner, server);
  await runner.boot();
  await server.keep();
  // The launcher was told so while it waited for a reason to start us.
  if (process.env[ENDING_VARIABLE] !== undefined) end();
  setInterval(() => {
    runner.tick();
    void server.keep();
  }, SAMPLE_MS);
  setTimeout(() => store.adopt(), ADOPT_OUTPUT_AFTER_MS);
}

/** `docker stop` comes as SIGTERM through PID 1; the answer does the same. */
function endOnSignal(runner: Runner, server: ControlServer): () => void {
  let ending = false;
  const end = (): void => {
    if (ending) return;
    ending = true;
    runner
      .shutdown()
      .then(() => {
        server.close();
        process.exit(0);
      })
      .catch((thrown: unknown) => condemn(`shutdown: ${String(thrown)}`));
  };
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
  return end;
}

process.on("uncaughtException", (thrown) => condemn(thrown.stack ?? thrown.message));
process.on("unhandledRejection", (thrown) => condemn(`unhandled rejection: ${String(thrown)}`));
start().catch((thrown: unknown) =>
  condemn(thrown instanceof Error ? (thrown.stack ?? "") : String(thrown)),
);
