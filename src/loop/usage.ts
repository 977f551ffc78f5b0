/** The leader's usage history: a slot of every project each 10 s, in one transaction; kept back for a while when Postgres is away. */
import { causeChain } from "../base/errors.ts";
import { goesOn, hostSlot, measure, type Reading } from "../insight/measure.ts";
import type { UsageSlot } from "../model/usage.ts";
import { reportOf } from "./deaths.ts";
import type { Session } from "./session.ts";
import { queueSamples } from "./tasks/samples.ts";

/** Slots of all projects that wait for Postgres: ten minutes of them, about 2 MB at 100 projects. More is dropped and counted. */
const WAITING_MAX = 60;
export const USAGE_SLOT_MS = 10_000;

export interface UsageKeeper {
  /** Measures the slot that just ended and writes it with what waits. */
  turn(): Promise<void>;
  /** Slots of single projects that were never written. */
  dropped(): number;
}

export function openUsageKeeper(session: Session): UsageKeeper {
  const before = new Map<string, Before>();
  const waiting: (readonly UsageSlot[])[] = [];
  let dropped = 0;
  const flush = async (): Promise<void> => {
    // Asked for no write while it is away: the probe finds out when it is back.
    if (session.modes.holds("postgres-gone")) return;
    const slots = waiting.flat();
    const taken = waiting.length;
    const { epoch } = session.world.install;
    await session.doors.postgres.usage.write({ epoch, now: session.now(), slots });
    waiting.splice(0, taken);
  };
  return {
    dropped: () => dropped,
    async turn() {
      waiting.push(measureAll(session, before));
      while (waiting.length > WAITING_MAX) dropped += waiting.shift()?.length ?? 0;
      await flush().catch((error: unknown) =>
        session.log.warn(
          { waiting: waiting.length, chain: causeChain(error) },
          "usage not written",
        ),
      );
    },
  };
}

interface Before {
  readonly reading: Reading;
  readonly last: UsageSlot | undefined;
}

function measureAll(session: Session, before: Map<string, Before>): readonly UsageSlot[] {
  const { world } = session;
  const at = (Math.floor(session.now() / USAGE_SLOT_MS) - 1) * USAGE_SLOT_MS;
  const queues = new Map(
    queueSamples({ session, now: session.now }).map((each) => [each.project, each]),
  );
  const slots: UsageSlot[] = [];
  for (const project of world.records.keys()) {
    const queue = queues.get(project);
    const waits = { queueDepth: queue?.waiting ?? 0, waitSeconds: queue?.oldestSeconds ?? 0 };
    const now = readingOf(reportOf(project, session));
    const { reading, last } = before.get(project) ?? {};
    const slot =
      measure({ project, at }, [reading, now], waits) ??
      goesOn({ project, at }, { last, now }, waits);
    if (now !== null) before.set(project, { reading: now, last: slot ?? undefined });
    if (slot !== null) slots.push(slot);
  }
  for (const project of before.keys()) if (!world.records.has(project)) before.delete(project);
  const host = hostSlot(at, slots);
  return host === null ? [] : [...slots, host];
}

function readingOf(report: ReturnType<typeof reportOf>): Reading | null {
  if (report === null || report.sample === null) return null;
  const restarts = report.agents.reduce((sum, agent) => sum + agent.restarts, 0);
  return { sample: report.sample, restarts };
}
