/** A runner for properties of the task desk, whose answers can be lost and who may refuse. */
import { BerthError } from "../../src/base/errors.ts";
import type { JournalBody, JournalEvent } from "../../src/model/run.ts";
import type { Fate } from "./fake-task-door.ts";

export type RunnerFate = Fate | "refused";

/** A runner that starts a run once whatever is asked, may lose its answer, and keeps its journal until it is taken. */
export class FakeTaskRunner {
  readonly started: string[] = [];
  readonly journal: JournalEvent[] = [];
  readonly #fate: () => RunnerFate;
  readonly #fails: (run: number, task: string) => boolean;

  constructor(fate: () => RunnerFate, fails: (run: number, task: string) => boolean) {
    this.#fate = fate;
    this.#fails = fails;
  }

  async take({ run, task }: Readonly<{ run: string; task: string }>): Promise<void> {
    const how = this.#fate();
    if (how === "refused")
      throw new BerthError("conflict", { code: "runner.task-blocked", detail: "it is stopping" });
    if (how !== "before" && !this.started.includes(run)) {
      const code = this.#fails(this.started.length, task) ? 3 : 0;
      this.started.push(run);
      this.#say({ kind: "started", run, agent: "coder", replica: 0, pid: 1, generation: 1, task });
      const end = { signal: null, oom: false, cause: "self", survivors: 0, durationMs: 1 } as const;
      this.#say({ kind: "exited", run, agent: "coder", replica: 0, code, ...end });
    }
    if (how === "before" || how === "after")
      throw new BerthError("transient", { code: "runners.unreachable", detail: "answer lost" });
  }

  #say(body: JournalBody): void {
    this.journal.push({ seq: this.journal.length + 1, at: Date.now(), boot: "boot-1", ...body });
  }
}
