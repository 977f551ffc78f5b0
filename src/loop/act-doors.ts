/** The doors as `act` gets them: under our epoch, confirmed before every mutation. */
import { BerthError } from "../base/errors.ts";
import type { ActDoors } from "../act/context.ts";
import { type OpenedPlan, stepRow } from "../record/steps.ts";
import { secretsFor } from "./secrets.ts";
import type { Session } from "./session.ts";

/** An epoch confirmed this lately need not be asked for again: far shorter than the lease, so no successor can have begun unnoticed for longer. */
const CONFIRMED_FOR_MS = 500;

/** What is known of the epoch: passes that act side by side ask for it together. */
interface Confirmation {
  /** When it was asked for that turned out to be ours. */
  at: number;
  asking: Promise<void> | null;
}

const confirmations = new WeakMap<Session, Confirmation>();

/** For a plan that was just journalled: a write, if there was one, confirms the epoch as well. */
export function actDoors(session: Session, { plan, pass, rows }: OpenedPlan): ActDoors {
  const { doors, world } = session;
  const known = confirmations.get(session) ?? { at: 0, asking: null };
  confirmations.set(session, known);
  if (rows.size > 0) known.at = session.now();
  return {
    engine: doors.engine,
    runners: doors.runners,
    postgres: doors.postgres,
    own: {
      install: world.install.install,
      installUid: world.install.installUid,
      epoch: world.install.epoch,
    },
    slots: session.slots,
    secretsOf: (project, names) => secretsFor(session, project, names),
    rowOf: (step) => stepRow(step, plan, pass),
    async confirmEpoch() {
      if (session.now() - known.at < CONFIRMED_FOR_MS) return;
      known.asking ??= confirm(session, known).finally(() => {
        known.asking = null;
      });
      await known.asking;
    },
  };
}

async function confirm({ doors, world, now }: Session, known: Confirmation): Promise<void> {
  const asked = now();
  const current = await doors.postgres.epoch();
  if (current !== world.install.epoch)
    throw new BerthError("conflict", {
      code: "postgres.epoch-stale",
      detail: `epoch ${current} has taken over from ${world.install.epoch}`,
    });
  known.at = Math.max(known.at, asked);
}
