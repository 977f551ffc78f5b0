/** Who owns a path workspace, looked at from the host's side, and that it does not lead out of its root. */
import { realpath, stat } from "node:fs/promises";
import { BerthError } from "../base/errors.ts";
import type { Session } from "./session.ts";

/** Uid and gid of the path's owner. Refuses (rejected) root's directories, missing ones, and links that leave every workspace root. */
export async function ownerOfWorkspace(
  path: string,
  session: Session,
): Promise<Readonly<{ uid: number; gid: number }>> {
  const roots = session.world.host.workspaceRoots;
  const root = roots.find((each) => isBelow(path, each));
  if (root === undefined)
    throw refusal(
      "loop.workspace-outside",
      `${path} is below none of the workspace roots`,
      "add its directory to host.workspace_roots",
    );
  const seen =
    session.settings.vantage === "host"
      ? await lookHere(path, root)
      : await lookByErrand(path, root, session);
  if (!isBelow(seen.path, seen.root))
    throw refusal(
      "loop.workspace-outside",
      `${path} leads to ${seen.path}, outside ${root}`,
      "replace the symbolic link by a directory",
    );
  if (seen.uid === 0)
    throw refusal(
      "loop.workspace-root-owned",
      `${path} belongs to root, as whom no agent runs`,
      "chown it to the user its agents are to run as",
    );
  return { uid: seen.uid, gid: seen.gid };
}

interface Seen {
  readonly path: string;
  readonly root: string;
  readonly uid: number;
  readonly gid: number;
}

function refusal(code: string, detail: string, hint: string): BerthError {
  return new BerthError("rejected", { code, detail, hint });
}

function missing(path: string): BerthError {
  return refusal("loop.workspace-missing", `${path} cannot be read on the host`, "create it");
}

function isBelow(path: string, root: string): boolean {
  return path === root || path.startsWith(root.endsWith("/") ? root : `${root}/`);
}

async function lookHere(path: string, root: string): Promise<Seen> {
  try {
    const real = await realpath(path);
    const facts = await stat(real);
    if (!facts.isDirectory())
      throw refusal("loop.workspace-missing", `${path} is not a directory`, "make it one");
    return { path: real, root: await realpath(root), uid: facts.uid, gid: facts.gid };
  } catch (error) {
    if (error instanceof BerthError) throw error;
    throw refusal("loop.workspace-missing", `${path} cannot be read`, "create the directory");
  }
}

/** The helper's exit code for a path it cannot read; a link's target is then all it says. */
const UNREADABLE = 3;

/** Only the root is mounted, at its own path, so a link that leaves it cannot even be followed. */
async function lookByErrand(path: string, root: string, session: Session): Promise<Seen> {
  const { install, installUid, epoch } = session.world.install;
  const script =
    'p=$(readlink -f "$1") && r=$(readlink -f "$2") && test -d "$p" && stat -c "%u %g" "$p" && echo "$p" && echo "$r" || ' +
    `{ test -L "$1" && readlink "$1"; exit ${UNREADABLE}; }`;
  const run = await session.doors.engine
    .runOnce(session.settings.netImage, ["/bin/sh", "-c", script, "look", path, root], {
      capAdd: [],
      hostNetwork: false,
      own: { install, installUid, epoch },
      mounts: [{ kind: "bind", source: root, target: root, readOnly: true, subpath: null }],
    })
    .catch((error: unknown) => {
      // The engine refuses to bind a root that does not exist.
      if (error instanceof BerthError && error.kind === "rejected") throw missing(path);
      throw error;
    });
  if (
    run.exitCode === UNREADABLE &&
    run.stdout.startsWith("/") &&
    !isBelow(run.stdout.trim(), root)
  )
    throw refusal(
      "loop.workspace-outside",
      `${path} leads to ${run.stdout.trim()}, outside ${root}`,
      "replace the symbolic link by a directory",
    );
  const [ids, real, realRoot] = run.stdout.split("\n");
  const [uid, gid] = (ids ?? "").split(" ").map(Number);
  if (
    run.exitCode !== 0 ||
    uid === undefined ||
    gid === undefined ||
    real === undefined ||
    realRoot === undefined
  ) {
    throw missing(path);
  }
  return { path: real, root: realRoot, uid, gid };
}
