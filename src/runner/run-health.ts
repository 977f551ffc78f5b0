/** The health of one run: asked as its plan says, and anew when a later plan says otherwise. */
import type { HealthSpec } from "../model/agent.ts";
import type { JournalBody } from "../model/run.ts";
import type { AgentPlan } from "../model/agent-plan.ts";
import type { Clock } from "./clock.ts";
import type { ShortCommand, ShortOutcome } from "./command.ts";
import { HealthWatch } from "./health.ts";

export interface RunHealthParts {
  readonly name: Readonly<{ run: string; agent: string; replica: number }>;
  readonly room: Readonly<{
    clock: Clock;
    journal: Readonly<{ append(body: JournalBody): unknown }>;
    check: (command: ShortCommand) => Promise<ShortOutcome>;
  }>;
  readonly become: (state: "starting" | "running" | "unhealthy", reason: string | null) => void;
  readonly fellIll: () => void;
}

export class RunHealth {
  readonly #parts: RunHealthParts;
  #followed: string | null = null;
  #watch: HealthWatch | null = null;

  constructor(parts: RunHealthParts) {
    this.#parts = parts;
  }

  /** Where nothing is to be asked, the run is well from the start. */
  follow(plan: AgentPlan): void {
    const { health: spec } = plan.spec;
    const wanted = JSON.stringify(spec);
    if (wanted === this.#followed) return;
    this.#followed = wanted;
    this.stop();
    if (spec === null) return this.#healthy();
    this.#parts.become("starting", "waiting for its health command to pass");
    this.#watch = new HealthWatch({
      spec,
      clock: this.#parts.room.clock,
      check: () => this.#check(plan, spec),
      listener: {
        healthy: () => this.#healthy(),
        unhealthy: (reason) => this.#unhealthy(reason),
      },
    });
  }

  stop(): void {
    this.#watch?.stop();
    this.#watch = null;
  }

  #healthy(): void {
    this.#parts.room.journal.append({ kind: "ready", ...this.#parts.name });
    this.#parts.become("running", null);
  }

  #unhealthy(reason: string): void {
    this.#parts.room.journal.append({ kind: "unhealthy", ...this.#parts.name, reason });
    this.#parts.become("unhealthy", reason);
    this.#parts.fellIll();
  }

  async #check(plan: AgentPlan, { command, timeoutMs }: HealthSpec): Promise<ShortOutcome> {
    if (!plan.identity.ok) return plan.identity;
    const { run, replica } = this.#parts.name;
    const own = { BERTH_REPLICA: String(replica), BERTH_RUN_ID: run };
    return this.#parts.room.check({
      identity: plan.identity.identity,
      cwd: plan.cwd,
      environment: { ...plan.environment, ...own },
      argv: command,
      deadlineMs: timeoutMs,
    });
  }
}
