/** Usage history: written a batch at a time, rolled up as slots end, forgotten by dropping partitions. */
import { USAGE_WIDTHS, type SlotSeconds, type UsagePoint, type UsageSlot } from "../model/usage.ts";
import type { Statements } from "./connection.ts";
import type { Session } from "./session.ts";

export interface UsageQuery {
  readonly project: string;
  readonly slotSeconds: SlotSeconds;
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
  readonly stepMs: number;
}

export interface UsageDoor {
  /**
   * Writes measured slots and rolls up what has ended by `now` (both the daemon's clock), in one transaction; idempotent.
   * Nothing older than the slots given may come later: what is rolled up stays as it is.
   */
  write(
    request: Readonly<{ epoch: number; now: number; slots: readonly UsageSlot[] }>,
  ): Promise<void>;
  /** Oldest first; steps without a slot are left out. */
  read(query: UsageQuery): Promise<readonly UsagePoint[]>;
}

const DAY_MS = 86_400_000;

/** What one daemon remembers between its writes, so that it asks for nothing it knows. */
interface Memory {
  /** The day partitions were last looked after. */
  day: number | null;
  /** Up to where each wider width is rolled up, ms; null: to be asked. */
  rolled: Map<number, number> | null;
}

export function openUsage(session: Session): UsageDoor {
  const memory: Memory = { day: null, rolled: null };
  return {
    async write({ epoch, now, slots }) {
      const first = slots.reduce((least, { at }) => Math.min(least, at), now);
      // Learned only when the transaction is through: what was rolled back must be done again.
      const learned = await session.write({ operation: "usage", epoch }, async (tx) => {
        const day = Math.floor(now / DAY_MS);
        if (memory.day !== day || Math.floor(first / DAY_MS) !== day)
          await partitions(tx, first, now);
        if (slots.length > 0) await tx.rows("usage-insert", columnsOf(slots));
        return { day, rolled: await rollUp(tx, memory.rolled, now) };
      });
      Object.assign(memory, learned);
    },
    read: ({ project, slotSeconds, from, to, stepMs }) =>
      session.read<UsagePoint & Record<string, unknown>>("usage-read", [
        project,
        slotSeconds,
        from,
        to,
        stepMs,
      ]),
  };
}

/** Those of what is written now and of tomorrow, so that the change of a day costs no write its time. */
async function partitions(tx: Statements, first: number, now: number): Promise<void> {
  for (const { seconds, partitionDays, keptDays } of USAGE_WIDTHS)
    await tx.rows("usage-partitions", [
      seconds,
      partitionDays,
      keptDays,
      Math.floor(first),
      now + DAY_MS,
      now,
    ]);
}

async function rollUp(
  tx: Statements,
  known: Memory["rolled"],
  now: number,
): Promise<Map<number, number>> {
  const rolled = new Map(known ?? (await newest(tx)));
  for (const [index, { seconds }] of USAGE_WIDTHS.entries()) {
    const finer = USAGE_WIDTHS[index - 1];
    if (finer === undefined) continue;
    const until = Math.floor(now / (seconds * 1000)) * seconds * 1000;
    const from = rolled.get(seconds) ?? until - finer.keptDays * DAY_MS;
    if (from >= until) continue;
    await tx.rows("usage-roll", [seconds, finer.seconds, from, until]);
    rolled.set(seconds, until);
  }
  return rolled;
}

async function newest(tx: Statements): Promise<readonly (readonly [number, number])[]> {
  const rows = await tx.rows<{ slot: number; newest: number }>("usage-rolled");
  return rows.map(({ slot, newest: at }) => [slot, at + slot * 1000] as const);
}

function columnsOf(slots: readonly UsageSlot[]): readonly unknown[] {
  return [
    slots.map(({ at }) => at),
    slots.map(({ project }) => project),
    slots.map(({ cpus }) => cpus),
    slots.map(({ cpusMax }) => cpusMax),
    slots.map(({ memoryBytes }) => memoryBytes),
    slots.map(({ memoryMaxBytes }) => memoryMaxBytes),
    slots.map(({ memoryLimitBytes }) => memoryLimitBytes),
    slots.map(({ throttledCpus }) => throttledCpus),
    slots.map(({ pids }) => pids),
    slots.map(({ restarts }) => restarts),
    slots.map(({ oomKills }) => oomKills),
    slots.map(({ queueDepth }) => queueDepth),
    slots.map(({ waitSeconds }) => waitSeconds),
  ];
}
