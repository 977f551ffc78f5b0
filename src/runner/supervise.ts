/** All replicas of the project: starts and stops only the difference between what is configured and what is there. */
import type { AgentStatus } from "../model/agent.ts";
import type { RunnerConfig } from "../model/desired.ts";
import { isWorker, planAgent } from "../model/agent-plan.ts";
import type { AgentPlan, ImageFacts } from "../model/agent-plan.ts";
import { cpuMsOf, findMarked } from "./proc.ts";
import { Replica } from "./replica.ts";
import type { Nudge, ReplicaRoom } from "./replica.ts";

interface Use {
  cpuMs: number;
  rssBytes: number;
}

/** INVARIANTS: one Replica per agent and number at any time, also while an old one is still stopping. */
export class Supervisor {
  readonly #room: ReplicaRoom;
  readonly #image: ImageFacts;
  readonly #replicas = new Map<string, Replica>();
  readonly #leaving = new Set<string>();
  #plans = new Map<string, AgentPlan>();
  #serials: Readonly<Record<string, number>> = {};
  #use = new Map<number, Use>();
  #ending = false;

  constructor(room: ReplicaRoom, image: ImageFacts) {
    this.#room = room;
    this.#image = image;
  }

  get restartSerials(): Readonly<Record<string, number>> {
    return this.#serials;
  }

  /** Makes this configuration the one to reach; returns at once. */
  apply(config: RunnerConfig): void {
    this.#plans = new Map(
      config.agents.map((spec) => [spec.name, planAgent(spec, config, this.#image)]),
    );
    const before = this.#serials;
    // A serial never seen belongs to an agent that starts afresh anyway, unless it has been running without one.
    this.#serials = { ...config.restartSerials };
    const restarted = new Set(
      Object.entries(config.restartSerials).flatMap(([agent, serial]) =>
        serial > (before[agent] ?? 0) ? [agent] : [],
      ),
    );
    this.#reconcile(restarted);
  }

  statuses(): readonly AgentStatus[] {
    return [...this.#replicas.values()]
      .map((replica) => replica.status(this.#use.get(replica.marker ?? 0) ?? null))
      .toSorted((a, b) =>
        a.agent === b.agent ? a.replica - b.replica : a.agent < b.agent ? -1 : 1,
      );
  }

  /** Looks at /proc once for all replicas. */
  sample(): void {
    const use = new Map<number, Use>();
    for (const { pid, marker, rssBytes } of findMarked(() => true)) {
      const sum = use.get(marker) ?? { cpuMs: 0, rssBytes: 0 };
      use.set(marker, { cpuMs: sum.cpuMs + cpuMsOf(pid), rssBytes: sum.rssBytes + rssBytes });
    }
    this.#use = use;
  }

  planOf(agent: string): AgentPlan | null {
    return this.#plans.get(agent) ?? null;
  }

  plans(): Iterable<AgentPlan> {
    return this.#plans.values();
  }

  /** Ends every agent by its own grace, all at once. */
  async shutdown(): Promise<void> {
    this.#ending = true;
    const all = [...this.#replicas.values()];
    for (const replica of all) replica.nudge("shutdown");
    await Promise.all(all.map((replica) => replica.done));
  }

  #reconcile(restarted: ReadonlySet<string>): void {
    const wanted = new Map<string, readonly [AgentPlan, number]>();
    for (const plan of this.#plans.values()) {
      const replicas = isWorker(plan.spec) ? 0 : plan.spec.replicas;
      for (let number = 0; number < replicas; number += 1) {
        wanted.set(`${plan.spec.name}/${number}`, [plan, number]);
      }
    }
    for (const [key, replica] of this.#replicas) {
      if (this.#leaving.has(key)) continue;
      const wish = wanted.get(key);
      if (wish === undefined) this.#dismiss(key, replica);
      else this.#refresh(replica, wish[0], restarted.has(replica.agent));
    }
    for (const [key, [plan, number]] of wanted) {
      if (!this.#replicas.has(key)) this.#replicas.set(key, new Replica(plan, number, this.#room));
    }
    this.#room.changed();
  }

  #refresh(replica: Replica, plan: AgentPlan, restarted: boolean): void {
    const nudge: Nudge | null = replica.nudgeFor(plan) ?? (restarted ? "restart" : null);
    replica.adopt(plan);
    if (nudge !== null) replica.nudge(nudge);
  }

  #dismiss(key: string, replica: Replica): void {
    this.#leaving.add(key);
    replica.nudge("stop");
    void this.#forgetWhenDone(key, replica);
  }

  async #forgetWhenDone(key: string, replica: Replica): Promise<void> {
    await replica.done;
    this.#leaving.delete(key);
    this.#replicas.delete(key);
    // Wanted again meanwhile? Then it starts now.
    if (!this.#ending) this.#reconcile(new Set());
  }
}
