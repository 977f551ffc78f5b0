/** The doors as `act` gets them: under our epoch, confirmed before every mutation. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { BerthError } from "../base/errors.ts";
import type { ActDoors } from "../act/context.ts";
import type { Session } from "./session.ts";

/** An epoch confirmed this lately need not be asked for again: far shorter than the lease, so no successor can have begun unnoticed for longer. */
const CONFIRMED_FOR_MS = 500;
/** A secret larger than this is not a secret but a file. */
const MAX_SECRET_BYTES = 64 * 1024;

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

/** A project's secrets for its runner; from now on no line of the log shows their values. */
export async function secretsFor(
  { settings, log }: Pick<Session, "settings" | "log">,
  project: string,
  names: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const values = await readSecrets(settings.secretsDir, project, names);
  for (const value of Object.values(values)) {
    const text = Buffer.from(value, "base64").toString("utf8");
    for (const form of [value, text, text.trim()]) log.conceal(form);
  }
  return values;
}

/** Reads `<dir>/<project>/<NAME>` for each name; one that is not there is left out and the runner waits for it. */
export async function readSecrets(
  dir: string | null,
  project: string,
  names: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const values: Record<string, string> = {};
  if (dir === null) return values;
  for (const name of names) {
    const value = await readFile(join(dir, project, name)).catch(() => null);
    if (value !== null && value.byteLength <= MAX_SECRET_BYTES)
      values[name] = value.toString("base64");
  }
  return values;
}
