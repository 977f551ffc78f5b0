/** The project this container is for: its configuration put to work, and why its agents may have to wait. */
import { BerthError } from "../base/errors.ts";
import type { RunnerConfig } from "../model/desired.ts";
import type { JournalBody } from "../model/run.ts";
import type { ExecTicket, RunnerFrame } from "../protocol/frame.ts";
import { TASK_FOLDER } from "../protocol/run-id.ts";
import { planProject, primaryIdentity } from "../model/agent-plan.ts";
import type { ImageFacts } from "../model/agent-plan.ts";
import { Bell } from "./bell.ts";
import { runShort } from "./command.ts";
import { condemn } from "./condemn.ts";
import { Execs } from "./execs.ts";
import { DEFAULT_IDENTITY } from "../model/identity.ts";
import type { IdentityVerdict } from "../model/identity.ts";
import type { Journal } from "./journal.ts";
import type { RunRoom } from "./run.ts";
import type { SecretFiles } from "./secrets.ts";
import type { Spool } from "./spool.ts";
import type { Progress } from "./progress.ts";
import { Speech } from "./speech.ts";
import { Supervisor } from "./supervise.ts";
import type { TaskOrder } from "./task-run.ts";
import { Tasks } from "./tasks.ts";
import { prepareWorkspace } from "./workspace.ts";
import type { WorkspaceState } from "./workspace.ts";

export interface ProjectParts extends Omit<RunRoom, "speech"> {
  readonly image: ImageFacts;
  readonly spool: Spool;
  readonly secrets: SecretFiles;
  readonly journal: Journal;
  readonly record: (body: JournalBody) => void;
  readonly claimOom: () => boolean;
  readonly restartsBefore: (agent: string, replica: number) => number;
  readonly changed: () => void;
  /** A task said how far it is. */
  readonly progress: (run: string, progress: Progress) => void;
}

type StatusFields = Omit<
  Extract<RunnerFrame, { kind: "status" }>,
  "kind" | "sample" | "journalSeq"
>;

/** INVARIANT: a configuration is on disk before it is applied. */
export class Project {
  readonly #parts: ProjectParts;
  readonly #supervisor: Supervisor;
  readonly #tasks: Tasks;
  readonly #speech: Speech;
  readonly #gateOpened = new Bell();
  readonly #execs = new Execs();
  #config: RunnerConfig | null = null;
  #workspace: Readonly<{ state: WorkspaceState; detail: string | null }> = {
    state: "pending",
    detail: null,
  };
  #preparing = false;

  constructor(parts: ProjectParts) {
    this.#parts = parts;
    this.#speech = new Speech(TASK_FOLDER, {
      launcher: parts.launcher,
      journal: { append: parts.record, full: () => parts.journal.full() },
      lived: () => parts.clock.lived(),
      heard: (saying, uid) => this.#tasks.hear(saying, uid),
    });
    const room = {
      ...parts,
      speech: this.#speech,
      journal: { append: parts.record },
      gate: { blocker: () => this.#blocker(), opened: this.#gateOpened },
      check: (command: Parameters<typeof runShort>[0]) => runShort(command, parts),
      chance: Math.random,
    };
    this.#supervisor = new Supervisor(room, parts.image);
    const tasksParts = {
      ...room,
      known: parts.journal,
      planOf: (agent: string) => this.#supervisor.planOf(agent),
      blocker: () => this.#blocker(),
    };
    this.#tasks = new Tasks(tasksParts, TASK_FOLDER);
  }

  get config(): RunnerConfig | null {
    return this.#config;
  }

  /** Makes a configuration the one in force. */
  obey(config: RunnerConfig): void {
    this.#config = config;
    this.#parts.secrets.keepOnly(config.secretNames);
    this.#supervisor.apply(config);
    this.#tasks.apply(this.#supervisor.plans());
    this.#prepareWorkspace(config);
    this.mayStart();
  }

  /** The daemon's configuration: kept for the next boot, and applied if it differs. */
  configure(config: RunnerConfig): void {
    const before = this.#config;
    if (before !== null && !servesSame(before, config)) {
      throw new BerthError("conflict", {
        code: "runner.install-foreign",
        detail: `this runner serves ${before.install}/${before.project}`,
      });
    }
    const same = before !== null && before.hash === config.hash;
    if (same && before.epoch === config.epoch && before.generation === config.generation) return;
    this.#parts.spool.writeConfig(config);
    // With the same hash this changes only the generation that later runs will name.
    this.obey(config);
  }

  takeSecrets(values: Readonly<Record<string, string>>): void {
    const config = this.#configOrThrow();
    const owner = identityOrThrow(primaryIdentity(config, this.#parts.image.users));
    const wanted = Object.entries(values).filter(([name]) => config.secretNames.includes(name));
    this.#parts.secrets.write(Object.fromEntries(wanted), owner);
    this.mayStart();
  }

  openExec(agent: string | null): ExecTicket {
    const config = this.#configOrThrow();
    const plan =
      agent === null ? planProject(config, this.#parts.image) : this.#supervisor.planOf(agent);
    if (plan === null) {
      const detail = `no agent ${agent}`;
      throw new BerthError("rejected", { code: "runner.agent-unknown", detail });
    }
    const { uid, gid } = identityOrThrow(plan.identity);
    const { cwd, environment } = plan;
    return { marker: this.#execs.open(), uid, gid, cwd, environment };
  }

  closeExec(marker: number): void {
    this.#execs.close(marker);
  }

  /** Something that agents may have waited for is there. */
  mayStart(): void {
    this.#gateOpened.ring();
    this.#parts.changed();
  }

  sample(): void {
    this.#supervisor.sample();
  }

  async startTask(order: TaskOrder): Promise<void> {
    this.#configOrThrow();
    await this.#tasks.start(order);
  }

  cancelTask(run: string): void {
    this.#tasks.cancel(run);
  }

  /** A person's answer for one of the runs. */
  answer(run: string, question: string, text: string): void {
    this.#speech.answer(run, question, text);
  }

  taskProgress(): ReturnType<Tasks["progress"]> {
    return this.#tasks.progress();
  }

  async shutdown(): Promise<void> {
    await Promise.all([this.#supervisor.shutdown(), this.#tasks.shutdown()]);
  }

  status(): StatusFields {
    return {
      configHash: this.#config?.hash ?? null,
      agents: this.#supervisor.statuses(),
      workspace: this.#workspace.state,
      workspaceDetail: this.#workspace.detail,
      missingSecrets: this.#missingSecrets(),
      restartSerials: this.#supervisor.restartSerials,
      taskRuns: this.#tasks.runs(),
    };
  }

  /** Why nothing may start now. */
  #blocker(): string | null {
    const missing = this.#missingSecrets();
    if (missing.length > 0) return `waiting for secrets: ${missing.join(", ")}`;
    const { state, detail } = this.#workspace;
    if (state === "failed") return `workspace: ${detail ?? "failed"}`;
    if (state === "pending") return "workspace is being prepared";
    return this.#parts.journal.full() ? "journal full" : null;
  }

  #missingSecrets(): readonly string[] {
    return this.#parts.secrets.missing(this.#config?.secretNames ?? []);
  }

  /** Once a boot: another repository or owner means another container, which is the daemon's to make. */
  #prepareWorkspace(config: RunnerConfig): void {
    if (this.#preparing) return;
    this.#preparing = true;
    const { image, clock, spool } = this.#parts;
    const primary = primaryIdentity(config, image.users);
    prepareWorkspace({
      config,
      // Where nobody may run as wished, each start says so; the workspace is no reason to wait.
      owner: primary.ok ? primary.identity : DEFAULT_IDENTITY,
      environment: planProject(config, image).environment,
      clock,
      run: (command) => runShort(command, this.#parts),
      clonedMark: spool.path("cloned"),
      report: (state, detail) => this.#workspaceIs(state, detail),
    }).catch((thrown: unknown) => condemn(`workspace: ${String(thrown)}`));
  }

  #workspaceIs(state: WorkspaceState, detail: string | null): void {
    if (this.#workspace.state === state && this.#workspace.detail === detail) return;
    this.#workspace = { state, detail };
    if (state !== "ready" || (this.#config?.git ?? null) !== null) {
      this.#parts.record({ kind: "workspace", ready: state === "ready", detail });
    }
    this.mayStart();
  }

  #configOrThrow(): RunnerConfig {
    if (this.#config !== null) return this.#config;
    const detail = "this runner has no configuration yet";
    throw new BerthError("conflict", { code: "runner.config-missing", detail });
  }
}

/** Whether two configurations are for the same berth. */
export function servesSame(
  one: Readonly<{ install: string; project: string }>,
  other: Readonly<{ install: string; project: string }>,
): boolean {
  return one.install === other.install && one.project === other.project;
}

function identityOrThrow(verdict: IdentityVerdict) {
  if (verdict.ok) return verdict.identity;
  throw new BerthError("rejected", { code: "runner.user-refused", detail: verdict.reason });
}
