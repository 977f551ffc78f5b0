/** The doors as `act` gets them: under our epoch, confirmed before every mutation. */
import { BerthError } from "../base/errors.ts";
import type { ActDoors } from "../act/context.ts";
import { secretsFor } from "./secrets.ts";
import type { Session } from "./session.ts";

/** An epoch confirmed this lately need not be asked for again: far shorter than the lease, so no successor can have begun unnoticed for longer. */
const CONFIRMED_FOR_MS = 500;

export function actDoors(session: Session): ActDoors {
  const { doors, world } = session;
  let confirmedAt = session.now();
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
    async confirmEpoch() {
      if (session.now() - confirmedAt < CONFIRMED_FOR_MS) return;
      const current = await doors.postgres.epoch();
      if (current !== world.install.epoch)
        throw new BerthError("conflict", {
          code: "postgres.epoch-stale",
          detail: `epoch ${current} has taken over from ${world.install.epoch}`,
        });
      confirmedAt = session.now();
    },
  };
}
