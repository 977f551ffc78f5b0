/** Spool directories on the daemon's side: made, configured and removed, always below the spool root, never through a link. */
import { constants } from "node:fs";
import { lstat, mkdir, open, rename, rm, unlink } from "node:fs/promises";
import { join } from "node:path";
import { BerthError } from "../base/errors.ts";
import type { RunnerConfig } from "../model/desired.ts";
import { DESIRED_FILE } from "../protocol/spool.ts";
import { isAbsent, spoolFault } from "./faults.ts";

const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const FRESH_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
/** Project names as CONTRACT has them; anything else could be a path. */
const PROJECT = /^[a-z][a-z0-9-]{0,62}$/;

/** The spool directory of a project; throws for a name that could lead elsewhere. */
export function spoolOf(spoolRoot: string, project: string): string {
  if (!PROJECT.test(project)) {
    throw new BerthError("defect", {
      code: "runners.project-unsafe",
      detail: `${JSON.stringify(project)} cannot name a spool directory`,
    });
  }
  return join(spoolRoot, project);
}

/** Makes the directory (0700) and replaces the configuration in one rename; on disk before it returns. */
export async function writeSpool(
  spoolRoot: string,
  project: string,
  config: RunnerConfig,
): Promise<void> {
  const folder = spoolOf(spoolRoot, project);
  try {
    await mkdir(spoolRoot, { recursive: true, mode: 0o700 });
    await mkdir(folder, { mode: 0o700 }).catch(toleratePresent);
    const handle = await open(folder, DIRECTORY);
    try {
      await handle.chmod(0o700);
      const text = JSON.stringify(config);
      // Flushing costs a repair milliseconds, on a busy disk hundreds. A host that crashes looks here again before the next start.
      if (await isThere(join(folder, DESIRED_FILE), text)) return;
      await replaceDesired(folder, text);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    throw thrown instanceof BerthError
      ? thrown
      : spoolFault(project, "its configuration cannot be written", thrown);
  }
}

/** True when the project has a spool directory. */
export async function spoolExists(spoolRoot: string, project: string): Promise<boolean> {
  try {
    return (await lstat(spoolOf(spoolRoot, project))).isDirectory();
  } catch (thrown) {
    if (isAbsent(thrown)) return false;
    throw spoolFault(project, "it cannot be looked at", thrown);
  }
}

/** Deletes the spool; already gone is success. A link in its place is removed itself, never what it points to. */
export async function deleteSpool(spoolRoot: string, project: string): Promise<void> {
  const folder = spoolOf(spoolRoot, project);
  try {
    const found = await lstat(folder);
    // `rm` unlinks links it meets inside; only the top needs the look.
    await (found.isDirectory() ? rm(folder, { recursive: true, force: true }) : unlink(folder));
  } catch (thrown) {
    if (!isAbsent(thrown)) throw spoolFault(project, "it cannot be removed", thrown);
  }
}

async function isThere(path: string, text: string): Promise<boolean> {
  try {
    const handle = await open(
      path,
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    );
    try {
      return (await handle.readFile("utf8")) === text;
    } finally {
      await handle.close();
    }
  } catch {
    return false;
  }
}

async function replaceDesired(folder: string, text: string): Promise<void> {
  const target = join(folder, DESIRED_FILE);
  const fresh = `${target}.tmp`;
  // A crash may have left one behind; O_EXCL then refuses, and we own the name.
  await unlink(fresh).catch(tolerateAbsent);
  const handle = await open(fresh, FRESH_FILE, 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(fresh, target);
}

function toleratePresent(thrown: unknown): void {
  if (!(thrown instanceof Error && "code" in thrown && thrown.code === "EEXIST")) throw thrown;
}

function tolerateAbsent(thrown: unknown): void {
  if (!isAbsent(thrown)) throw thrown;
}
