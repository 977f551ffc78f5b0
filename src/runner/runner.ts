/** The runner put together: what the daemon may ask of it, and what it tells. */
import { BerthError } from "../base/errors.ts";
import type { RunnerConfig } from "../model/desired.ts";
import type { CgroupSample } from "../model/observed.ts";
import type { DaemonFrame, ExecTicket, RunnerFrame } from "../protocol/frame.ts";
import { PROTOCOL_VERSION } from "../protocol/frame.ts";
import { planProject, primaryIdentity } from "./agent-plan.ts";
import type { ImageFacts } from "./agent-plan.ts";
import { Bell } from "./bell.ts";
import { readCgroup, readOomKills } from "./cgroup.ts";
import { condemn } from "./condemn.ts";
import { runShort } from "./command.ts";
import type { Line } from "./control.ts";
import type { Identity } from "./identity.ts";
import type { Journal } from "./journal-file.ts";
import { nextMarker } from "./launch.ts";
import { OomLedger } from "./oom.ts";
import type { RunRoom } from "./run.ts";
import type { SecretFiles } from "./secrets.ts";
import type { Spool } from "./spool.ts";
import { Supervisor } from "./supervise.ts";
import { killTree } from "./tree-kill.ts";
import { prepareWorkspace } from "./workspace.ts";
import type { WorkspaceState } from "./workspace.ts";

export const SAMPLE_MS = 5_000;
/** Changes within this time become one status frame: at most 20 a second. */
const STATUS_COALESCE_MS = 50;

type Command = Exclude<DaemonFrame, { kind: "hello" | "resume" | "ack" }>;
type Fenced = Exclude<Command, { kind: "ping" }>;

export interface RunnerParts extends RunRoom {
  readonly version: string;
  readonly image: ImageFacts;
  readonly spool: Spool;
  readonly journal: Journal;
  readonly secrets: SecretFiles;
}

/** INVARIANTS: the epoch only rises, and is on disk before it is obeyed; a configuration is on disk before it is applied. */
export class Runner {
  readonly #parts: RunnerParts;
  readonly #supervisor: Supervisor;
  readonly #oom = new OomLedger();
  readonly #gateOpened = new Bell();
  #epoch: number;
  #config: RunnerConfig | null = null;
  #workspace: Readonly<{ state: WorkspaceState; detail: string | null }> = {
    state: "pending",
    detail: null,
  };
  #preparing = false;
  #sample: CgroupSample | null = null;
  #line: Line | null = null;
  #statusTimer: NodeJS.Timeout | null = null;
  readonly #execMarkers = new Set<number>();

  constructor(parts: RunnerParts) {
    this.#parts = parts;
    this.#epoch = parts.spool.readEpoch();
    this.#supervisor = new Supervisor(
      {
        ...parts,
        journal: { append: (body) => this.#record(body) },
        gate: { blocker: () => this.#blocker(), opened: this.#gateOpened },
        check: (command) => runShort(command, parts.clock),
        claimOom: () => this.#claimOom(),
        chance: Math.random,
        changed: () => this.#tellSoon(),
      },
      parts.image,
    );
    this.#oom.read(readOomKills(), parts.clock.now());
  }

  /** Begins with what the spool holds: agents need no daemon to start. */
  boot(): void {
    const config = this.#parts.spool.readConfig();
    if (config !== null) this.#epoch = Math.max(this.#epoch, config.epoch);
    this.#record({ kind: "boot", epoch: this.#epoch, configHash: config?.hash ?? null });
    this.#tellLostRuns();
    if (config !== null) this.#obey(config);
  }

  /** Each 5 seconds: read the cgroup, settle OOM counts, retry what the disk refused, tell the daemon. */
  tick(): void {
    const { clock, journal } = this.#parts;
    this.#sample = readCgroup(clock.now());
    this.#oom.read(this.#sample.oomKills, clock.now());
    const count = this.#oom.settled(clock.now());
    if (count > 0) this.#record({ kind: "oom", count });
    const wasFull = journal.full();
    journal.flush();
    if (wasFull && !journal.full()) this.#gateOpened.ring();
    this.#supervisor.sample();
    if (this.#line !== null) this.pump(this.#line);
    this.#tellNow();
  }

  async shutdown(): Promise<void> {
    await this.#supervisor.shutdown();
    this.#tellNow();
    this.#parts.journal.close();
  }

  /** Whether this daemon may lead us: what to say to its hello. */
  hello(
    frame: Extract<DaemonFrame, { kind: "hello" }>,
  ): Readonly<{ accepted: boolean; say: RunnerFrame }> {
    const refuse = (code: string, detail: string) => {
      const say: RunnerFrame = { kind: "refused", code, detail, epoch: this.#epoch };
      return { accepted: false, say };
    };
    if (!frame.versions.includes(PROTOCOL_VERSION)) {
      return refuse("runner.version-unknown", `this runner speaks version ${PROTOCOL_VERSION}`);
    }
    const config = this.#config;
    if (config !== null && (config.install !== frame.install || config.project !== frame.project)) {
      return refuse(
        "runner.install-foreign",
        `this runner serves ${config.install}/${config.project}`,
      );
    }
    if (frame.epoch < this.#epoch)
      return refuse("runner.epoch-stale", this.#staleDetail(frame.epoch));
    this.#raiseEpoch(frame.epoch);
    return { accepted: true, say: this.#welcome() };
  }

  serving(line: Line): void {
    this.#line = line;
    this.#sample ??= readCgroup(this.#parts.clock.now());
    this.#tellNow();
  }

  closed(): void {
    this.#line = null;
  }

  /** Sends journal events as far as the daemon keeps up. */
  pump(line: Line): void {
    if (line !== this.#line) return;
    const { journal } = this.#parts;
    while (line.sentSeq !== null && line.roomy) {
      const events = journal.readAfter(line.sentSeq);
      if (events.length === 0) return;
      for (const event of events) {
        if (!line.roomy) return;
        line.send({ kind: "event", event });
        line.sentSeq = event.seq;
      }
    }
  }

  frame(frame: Exclude<DaemonFrame, { kind: "hello" }>, line: Line): void {
    if (frame.kind === "resume") {
      this.#parts.journal.skipTo(frame.after);
      line.sentSeq = frame.after;
      this.pump(line);
    } else if (frame.kind === "ack") this.#acknowledge(frame.seq, frame.epoch);
    else this.#reply(frame, line);
  }

  #acknowledge(seq: number, epoch: number): void {
    if (epoch < this.#epoch) return;
    const { journal } = this.#parts;
    const wasFull = journal.full();
    journal.acknowledge(seq);
    if (wasFull && !journal.full()) this.#gateOpened.ring();
  }

  #reply(frame: Command, line: Line): void {
    const { id } = frame;
    try {
      const ticket = frame.kind === "ping" ? null : this.#obeyCommand(frame);
      line.send({ kind: "reply", id, ok: true, ticket });
    } catch (thrown) {
      const code = thrown instanceof BerthError ? thrown.code : "runner.command-failed";
      const detail = thrown instanceof Error ? thrown.message : String(thrown);
      line.send({ kind: "reply", id, ok: false, code, detail });
    }
  }

  #obeyCommand(frame: Fenced): ExecTicket | null {
    if (frame.epoch < this.#epoch) {
      throw new BerthError("conflict", {
        code: "runner.epoch-stale",
        detail: this.#staleDetail(frame.epoch),
      });
    }
    this.#raiseEpoch(frame.epoch);
    switch (frame.kind) {
      case "configure":
        this.#configure(frame.config);
        return null;
      case "secrets":
        this.#takeSecrets(frame.values);
        return null;
      case "exec-open":
        return this.#openExec(frame.agent);
      case "exec-close":
        this.#closeExec(frame.marker);
        return null;
      case "thawed":
        this.#parts.clock.thawed(frame.frozenMs);
        return null;
    }
  }

  #configure(config: RunnerConfig): void {
    const before = this.#config;
    if (
      before !== null &&
      (before.install !== config.install || before.project !== config.project)
    ) {
      throw new BerthError("conflict", {
        code: "runner.install-foreign",
        detail: `this runner serves ${before.install}/${before.project}`,
      });
    }
    const same = before !== null && before.hash === config.hash;
    if (same && before.epoch === config.epoch && before.generation === config.generation) return;
    this.#parts.spool.writeConfig(config);
    if (same) this.#config = config;
    else this.#obey(config);
  }

  #obey(config: RunnerConfig): void {
    this.#config = config;
    this.#parts.secrets.keepOnly(config.secretNames);
    this.#supervisor.apply(config);
    this.#gateOpened.ring();
    this.#prepareWorkspace(config);
    this.#tellSoon();
  }

  /** Once a boot; a changed git URL or owner is a replacement of the container, not ours to follow. */
  #prepareWorkspace(config: RunnerConfig): void {
    if (this.#preparing) return;
    const owner = primaryIdentity(config, this.#parts.image.users);
    if (!owner.ok) return this.#workspaceIs("failed", owner.reason);
    this.#preparing = true;
    prepareWorkspace({
      config,
      owner: owner.identity,
      environment: planProject(config, this.#parts.image).environment,
      clock: this.#parts.clock,
      run: (command) => runShort(command, this.#parts.clock),
      clonedMark: this.#parts.spool.path("cloned"),
      report: (state, detail) => this.#workspaceIs(state, detail),
    }).catch((thrown: unknown) => condemn(`workspace: ${String(thrown)}`));
  }

  #workspaceIs(state: WorkspaceState, detail: string | null): void {
    const changed = this.#workspace.state !== state || this.#workspace.detail !== detail;
    this.#workspace = { state, detail };
    if (!changed) return;
    if (state !== "ready" || this.#config?.git !== null) {
      this.#record({ kind: "workspace", ready: state === "ready", detail });
    }
    this.#gateOpened.ring();
    this.#tellSoon();
  }

  /** Why nothing may start now. */
  #blocker(): string | null {
    const missing = this.#missingSecrets();
    if (missing.length > 0) return `waiting for secrets: ${missing.join(", ")}`;
    if (this.#workspace.state === "failed")
      return `workspace: ${this.#workspace.detail ?? "failed"}`;
    if (this.#workspace.state === "pending") return "workspace is being prepared";
    return this.#parts.journal.full() ? "journal full" : null;
  }

  #missingSecrets(): readonly string[] {
    return this.#parts.secrets.missing(this.#config?.secretNames ?? []);
  }

  #takeSecrets(values: Readonly<Record<string, string>>): void {
    const config = this.#config;
    if (config === null) throw noConfig();
    const owner = this.#identityOrThrow(primaryIdentity(config, this.#parts.image.users));
    const wanted = Object.entries(values).filter(([name]) => config.secretNames.includes(name));
    this.#parts.secrets.write(Object.fromEntries(wanted), owner);
    this.#gateOpened.ring();
    this.#tellSoon();
  }

  #openExec(agent: string | null): ExecTicket {
    const config = this.#config;
    if (config === null) throw noConfig();
    const plan =
      agent === null ? planProject(config, this.#parts.image) : this.#supervisor.planOf(agent);
    if (plan === null) {
      throw new BerthError("rejected", {
        code: "runner.agent-unknown",
        detail: `no agent ${agent}`,
      });
    }
    const { uid, gid } = this.#identityOrThrow(plan.identity);
    const marker = nextMarker();
    this.#execMarkers.add(marker);
    return { marker, uid, gid, cwd: plan.cwd, environment: plan.environment };
  }

  #closeExec(marker: number): void {
    // Only markers given out for exec: an agent's run ends through its own configuration.
    if (!this.#execMarkers.delete(marker)) return;
    void endExec(marker);
  }

  #identityOrThrow(
    verdict: Readonly<{ ok: true; identity: Identity }> | Readonly<{ ok: false; reason: string }>,
  ): Identity {
    if (verdict.ok) return verdict.identity;
    throw new BerthError("rejected", { code: "runner.user-refused", detail: verdict.reason });
  }

  #claimOom(): boolean {
    this.#oom.read(readOomKills(), this.#parts.clock.now());
    return this.#oom.claim();
  }

  #tellLostRuns(): void {
    const { journal, openRuns } = this.#parts;
    const told = new Set(
      journal
        .readAfter(journal.ackedSeq)
        .flatMap((event) => ("run" in event && isTerminal(event.kind) ? [event.run] : [])),
    );
    for (const { run, agent, replica } of openRuns.left()) {
      if (!told.has(run))
        this.#record({ kind: "lost", run, agent, replica, reason: "container died" });
      openRuns.remove(run);
    }
  }

  #record(body: Parameters<Journal["append"]>[0]): void {
    this.#parts.journal.append(body);
    if (this.#line !== null) this.pump(this.#line);
  }

  #tellSoon(): void {
    if (this.#line === null) return;
    this.#statusTimer ??= setTimeout(() => this.#tellNow(), STATUS_COALESCE_MS);
  }

  /** A daemon that does not keep up gets the next status instead; states are levels, not edges. */
  #tellNow(): void {
    if (this.#statusTimer !== null) clearTimeout(this.#statusTimer);
    this.#statusTimer = null;
    if (this.#line === null || !this.#line.roomy) return;
    this.#line.send({
      kind: "status",
      configHash: this.#config?.hash ?? null,
      agents: this.#supervisor.statuses(),
      sample: this.#sample,
      workspace: this.#workspace.state,
      workspaceDetail: this.#workspace.detail,
      missingSecrets: this.#missingSecrets(),
      restartSerials: this.#supervisor.restartSerials,
    });
  }

  #welcome(): RunnerFrame {
    const { journal, boot, version } = this.#parts;
    return {
      kind: "welcome",
      version: PROTOCOL_VERSION,
      bootId: boot,
      epoch: this.#epoch,
      runnerVersion: version,
      configHash: this.#config?.hash ?? null,
      lastSeq: journal.lastSeq,
      ackedSeq: journal.ackedSeq,
    };
  }

  #raiseEpoch(epoch: number): void {
    if (epoch <= this.#epoch) return;
    this.#parts.spool.writeEpoch(epoch);
    this.#epoch = epoch;
  }

  #staleDetail(epoch: number): string {
    return `epoch ${epoch} is below ${this.#epoch}`;
  }
}

async function endExec(marker: number): Promise<void> {
  const { gone } = await killTree(marker);
  if (!gone) condemn("an exec'd command cannot be killed");
}

function isTerminal(kind: string): boolean {
  return kind === "exited" || kind === "lost" || kind === "start-failed";
}

function noConfig(): BerthError {
  return new BerthError("conflict", {
    code: "runner.config-missing",
    detail: "this runner has no configuration yet",
  });
}
