/** An open runners' door on a fresh spool root, with everything it tells its listener written down. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunnerConfig } from "../../src/model/desired.ts";
import type { RunnerReport } from "../../src/model/observed.ts";
import type { JournalEvent } from "../../src/model/run.ts";
import type { RunnersDoor } from "../../src/runners/door.ts";
import { openRunners } from "../../src/runners/open.ts";

export interface DoorFixture {
  readonly root: string;
  readonly door: RunnersDoor;
  readonly told: {
    events: JournalEvent[];
    batches: number[];
    reports: RunnerReport[];
    connected: boolean[];
    fenced: number[];
    thawed: string[];
    progress: Readonly<{ run: string; fraction: number; text: string }>[];
    warnings: string[];
  };
  /** What onEvents does; by default everything given is durable. */
  durable: (events: readonly JournalEvent[]) => Promise<number>;
  /** Resolves when runners that wait for a calm machine are called; at once by default. */
  calm: Promise<void>;
  spool(project?: string): string;
  close(): Promise<void>;
}

/** `folder` makes the spool root deeper, for long socket paths. */
export function doorFixture(folder = ""): DoorFixture {
  const base = mkdtempSync(join(tmpdir(), "berth-runners-"));
  const root = join(base, folder);
  const told: DoorFixture["told"] = {
    events: [],
    batches: [],
    reports: [],
    connected: [],
    fenced: [],
    thawed: [],
    progress: [],
    warnings: [],
  };
  const warn = (message: string, fields: Readonly<Record<string, unknown>>): void => {
    told.warnings.push(`${message} ${JSON.stringify(fields)}`);
  };
  const fixture: DoorFixture = {
    root,
    told,
    calm: Promise.resolve(),
    durable: (events) => Promise.resolve(events.at(-1)?.seq ?? 0),
    spool: (project = "web") => join(root, project),
    door: openRunners({
      spoolRoot: root,
      install: "test",
      epoch: 5,
      calm: () => fixture.calm,
      now: () => Date.now(),
      randomness: () => 0.5,
      log: { info: warn, warn },
      listener: {
        async onEvents(_project, events) {
          const seq = await fixture.durable(events);
          told.events.push(...events.filter((event) => event.seq <= seq));
          told.batches.push(events.length);
          return seq;
        },
        onReport: (report) => told.reports.push(report),
        onConnected: (_project, connected) => told.connected.push(connected),
        onProgress: (_project, run, progress) => told.progress.push({ run, ...progress }),
        onThawed: (project) => told.thawed.push(project),
        onFenced: (_project, epoch) => told.fenced.push(epoch),
      },
    }),
    async close() {
      await fixture.door.close();
      rmSync(base, { recursive: true, force: true });
    },
  };
  return fixture;
}

export function runnerConfig(hash = "h1"): RunnerConfig {
  return {
    hash,
    epoch: 5,
    generation: 1,
    project: "web",
    install: "test",
    environment: {},
    agents: [],
    secretNames: [],
    git: null,
    workspaceOwner: null,
    image: { entrypoint: [], user: null, workdir: null, environment: null },
    restartSerials: {},
  };
}
