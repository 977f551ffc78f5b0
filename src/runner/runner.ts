/** The runner's side of the conversation: whom it obeys, what it records, what it tells. */
import { BerthError } from "../base/errors.ts";
import type { CgroupSample } from "../model/observed.ts";
import type { JournalBody } from "../model/run.ts";
import type { DaemonFrame, ExecTicket, RunnerFrame } from "../protocol/frame.ts";
import { PROTOCOL_VERSION } from "../protocol/frame.ts";
import { isQuiet, readCgroup, readOomKills } from "./cgroup.ts";
import { condemn } from "./condemn.ts";
import type { Line } from "./control.ts";
import { EarlierRestarts } from "./earlier-restarts.ts";
import { Fence } from "./fence.ts";
import type { Refusal } from "./fence.ts";
import { withoutEnd } from "./open-runs.ts";
import { OomLedger } from "./oom.ts";
import type { Progress } from "./progress.ts";
import type { FirstStarts } from "./first-starts.ts";
import { Project, servesSame } from "./project.ts";
import type { ProjectParts } from "./project.ts";
import { killTree } from "./tree-kill.ts";

export const SAMPLE_MS = 5_000;
/** Changes within this time become one status frame: at most 20 a second. */
const STATUS_COALESCE_MS = 50;

type Hello = Extract<DaemonFrame, { kind: "hello" }>;
type Command = Exclude<DaemonFrame, { kind: "hello" | "resume" | "ack" }>;
type Fenced = Exclude<Command, { kind: "ping" }>;

type Ours = "record" | "claimOom" | "restartsBefore" | "changed" | "progress";
export type RunnerParts = Omit<ProjectParts, Ours> &
  Readonly<{ version: string; first: FirstStarts }>;

/** INVARIANT: one line at most is served. */
export class Runner {
  readonly #parts: RunnerParts;
  readonly #project: Project;
  readonly #oom = new OomLedger();
  readonly #earlier = new EarlierRestarts();
  readonly #fence: Fence;
  #sample: CgroupSample | null = null;
  /** The sample of the last status. */
  #told: CgroupSample | null = null;
  #line: Line | null = null;
  #statusTimer: NodeJS.Timeout | null = null;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
    this.#fence = new Fence(parts.spool);
    this.#project = new Project({
      ...parts,
      record: (body) => this.record(body),
      claimOom: () => this.#claimOom(),
      restartsBefore: (agent, replica) => this.#earlier.take(agent, replica),
      changed: () => this.#tellSoon(),
      progress: (run, progress) => this.#tellProgress(run, progress),
    });
    // A container's counter begins at 0, and what was killed of first starts is still to be explained.
    const counted = parts.first.boot === null ? readOomKills() : 0;
    this.#oom.read(counted, parts.clock.now());
  }

  /** Begins with what the spool holds: agents need no daemon to start. First starts are taken over before it returns, or ended before it resolves. */
  async boot(): Promise<void> {
    const config = this.#parts.spool.readConfig();
    if (config !== null) this.#fence.atLeast(config.epoch);
    this.record({ kind: "boot", epoch: this.#fence.epoch, configHash: config?.hash ?? null });
    this.#tellLostRuns();
    this.#parts.first.offer(config?.hash ?? null);
    if (this.#parts.first.leftOver().length > 0) await this.#endLeftOver();
    this.#parts.first.settle();
    if (config !== null) this.#project.obey(config);
  }

  /** Each 5 seconds: read the cgroup, settle OOM counts, retry what the disk refused, tell the daemon if there is news. */
  tick(): void {
    const { clock, journal } = this.#parts;
    this.#sample = readCgroup(clock.now());
    this.#oom.read(this.#sample.oomKills, clock.now());
    const count = this.#oom.settled(clock.now());
    if (count > 0) this.record({ kind: "oom", count });
    this.#relieving(() => journal.flush());
    this.#project.sample();
    if (this.#line !== null) this.pump(this.#line);
    if (this.#told === null || !isQuiet(this.#told, this.#sample)) this.#tellNow();
  }

  async shutdown(): Promise<void> {
    await this.#project.shutdown();
    this.#parts.store.close();
    this.#tellNow();
    this.#parts.journal.close();
    this.#parts.openRuns.close();
  }

  /** Appends to the journal, and tells the daemon if it listens. */
  record(body: JournalBody): void {
    this.#parts.journal.append(body);
    if (this.#line !== null) this.pump(this.#line);
  }

  /** Whether this daemon may lead us, and what to say to its hello. */
  hello(frame: Hello): Readonly<{ accepted: boolean; say: RunnerFrame }> {
    const refusal = this.#mismatch(frame) ?? this.#fence.admit(frame.epoch);
    if (refusal !== null) {
      return { accepted: false, say: { kind: "refused", ...refusal, epoch: this.#fence.epoch } };
    }
    const { journal, boot, version } = this.#parts;
    const welcome: RunnerFrame = {
      kind: "welcome",
      version: PROTOCOL_VERSION,
      bootId: boot,
      epoch: this.#fence.epoch,
      runnerVersion: version,
      configHash: this.#project.config?.hash ?? null,
      lastSeq: journal.lastSeq,
      ackedSeq: journal.ackedSeq,
    };
    return { accepted: true, say: welcome };
  }

  serving(line: Line): void {
    this.#line = line;
    this.#sample ??= readCgroup(this.#parts.clock.now());
    this.#tellNow();
    for (const [run, progress] of this.#project.taskProgress()) this.#tellProgress(run, progress);
  }

  /** The daemon caught up: what was held back is told. */
  drained(line: Line): void {
    this.pump(line);
    this.#tellSoon();
  }

  closed(): void {
    this.#line = null;
  }

  /** Sends journal events as far as the daemon keeps up. */
  pump(line: Line): void {
    if (line !== this.#line) return;
    while (line.sentSeq !== null && line.roomy) {
      const events = this.#parts.journal.readAfter(line.sentSeq);
      if (events.length === 0) return;
      for (const event of events) {
        if (!line.roomy) return;
        line.send({ kind: "event", event });
        line.sentSeq = event.seq;
      }
    }
  }

  frame(frame: Exclude<DaemonFrame, { kind: "hello" }>, line: Line): void {
    const { journal } = this.#parts;
    if (frame.kind === "resume") {
      journal.skipTo(frame.after);
      line.sentSeq = frame.after;
      this.pump(line);
    } else if (frame.kind === "ack") {
      if (this.#fence.refusal(frame.epoch) === null)
        this.#relieving(() => journal.acknowledge(frame.seq));
    } else void this.#reply(frame, line);
  }

  async #reply(frame: Command, line: Line): Promise<void> {
    const { id } = frame;
    try {
      const ticket = frame.kind === "ping" ? null : await this.#obeyCommand(frame);
      line.send({ kind: "reply", id, ok: true, ticket });
    } catch (thrown) {
      const code = thrown instanceof BerthError ? thrown.code : "runner.command-failed";
      const detail = thrown instanceof Error ? thrown.message : String(thrown);
      line.send({ kind: "reply", id, ok: false, code, detail });
    }
  }

  #obeyCommand(frame: Fenced): ExecTicket | null | Promise<null> {
    const refusal = this.#fence.refusal(frame.epoch);
    if (refusal !== null) throw new BerthError("conflict", refusal);
    this.#fence.raise(frame.epoch);
    switch (frame.kind) {
      case "configure":
        this.#project.configure(frame.config);
        return null;
      case "secrets":
        this.#project.takeSecrets(frame.values);
        return null;
      case "exec-open":
        return this.#project.openExec(frame.agent);
      case "exec-close":
        this.#project.closeExec(frame.marker);
        return null;
      case "run-task":
        return this.#project.startTask(frame).then(() => null);
      case "cancel-run":
        this.#project.cancelTask(frame.run);
        return null;
      case "answer":
        this.#project.answer(frame.run, frame.question, frame.text);
        return null;
      case "thawed":
        this.#parts.clock.thawed(frame.frozenMs);
        return null;
    }
  }

  #mismatch(frame: Hello): Refusal | null {
    const { config } = this.#project;
    if (!frame.versions.includes(PROTOCOL_VERSION)) {
      const detail = `this runner speaks version ${PROTOCOL_VERSION}`;
      return { code: "runner.version-unknown", detail };
    }
    if (config !== null && !servesSame(config, frame)) {
      const detail = `this runner serves ${config.install}/${config.project}`;
      return { code: "runner.install-foreign", detail };
    }
    return null;
  }

  /** If the journal was full before and is not afterwards, agents may start again. */
  #relieving(act: () => unknown): void {
    const { journal } = this.#parts;
    const wasFull = journal.full();
    act();
    if (wasFull && !journal.full()) this.#project.mayStart();
  }

  #claimOom(): boolean {
    this.#oom.read(readOomKills(), this.#parts.clock.now());
    return this.#oom.claim();
  }

  /** Skipped for a daemon that does not keep up: only the latest counts, and a new one is told it again. */
  #tellProgress(run: string, { fraction, text }: Progress): void {
    if (this.#line?.roomy === true) this.#line.send({ kind: "progress", run, fraction, text });
  }

  /** What was running when the last boot ended so that nobody could tell. */
  #tellLostRuns(): void {
    const { journal, openRuns, first } = this.#parts;
    const left = [...openRuns.left(), ...first.lost()];
    const lost = withoutEnd(left, journal.recent());
    this.#earlier.lost(lost);
    for (const { run, agent, replica, boot, startedAt } of lost) {
      const begun = { boot, at: startedAt };
      this.record({ kind: "lost", run, agent, replica, reason: "container died", begun });
    }
    for (const { run } of left) openRuns.remove(run);
  }

  /** First starts of a configuration that is not in force any more: what is to run instead starts when nothing of them is left. */
  async #endLeftOver(): Promise<void> {
    const { first, clock } = this.#parts;
    const ending = first.leftOver().map(async ({ run, agent, replica, marker, startedAt }) => {
      const { killed, gone } = await killTree(marker);
      const survivors = Math.max(0, killed - 1);
      if (!gone) condemn(`run ${run} cannot be killed`);
      const durationMs = Math.max(0, clock.now() - startedAt);
      const end = { code: null, signal: "SIGKILL", oom: false, cause: "config" } as const;
      this.record({ kind: "exited", run, agent, replica, ...end, survivors, durationMs });
    });
    await Promise.all(ending);
  }

  #tellSoon(): void {
    if (this.#line !== null)
      this.#statusTimer ??= setTimeout(() => this.#tellNow(), STATUS_COALESCE_MS);
  }

  /** A daemon that does not keep up gets the next status instead: states are levels, not edges. */
  #tellNow(): void {
    if (this.#statusTimer !== null) clearTimeout(this.#statusTimer);
    this.#statusTimer = null;
    if (this.#line === null || !this.#line.roomy) return;
    const { lastSeq: journalSeq } = this.#parts.journal;
    this.#told = this.#sample;
    this.#line.send({
      kind: "status",
      ...this.#project.status(),
      sample: this.#sample,
      journalSeq,
    });
  }
}
