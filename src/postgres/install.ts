/** The install row (which install this database belongs to, its random uid and epoch) and the database clock. */
import { BerthError } from "../base/errors.ts";
import type { InstallRow } from "./door.ts";
import type { Session } from "./session.ts";

/** Reads or creates the row; a database of another install is refused, since no table says whose its rows are. */
export async function readInstall(session: Session, install: string): Promise<InstallRow> {
  const known = await installRow(session);
  if (known === null) await session.read("install-create", [install]);
  const row = known ?? (await installRow(session));
  if (row === null || row.install !== install)
    throw new BerthError("rejected", {
      code: "postgres.install-foreign",
      detail: `this database belongs to install ${row?.install ?? "?"}, not ${install}`,
      hint: "give every install a database of its own",
    });
  return row;
}

/** The current epoch as stored; 0 before anybody led. */
export async function readEpoch(session: Session): Promise<number> {
  return (await installRow(session))?.epoch ?? 0;
}

/** The database clock, milliseconds since the epoch. */
export async function readClock(session: Session): Promise<number> {
  const [row] = await session.read<{ now: number }>("clock");
  if (row === undefined)
    throw new BerthError("defect", {
      code: "postgres.query-failed",
      detail: "the clock told no time",
    });
  return row.now;
}

async function installRow(session: Session): Promise<InstallRow | null> {
  const [row] = await session.read<InstallRow & Record<string, unknown>>("install-read");
  return row ?? null;
}
