/** Whom an agent runs as: its `user:`, else the workspace's owner, else the image's USER, else 10001; never uid 0. */

export interface Identity {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups the image gives a named user. */
  readonly groups: readonly number[];
}

export type IdentityVerdict =
  | Readonly<{ ok: true; identity: Identity }>
  | Readonly<{ ok: false; reason: string }>;

/** The image's user database, as text. */
export interface UserFiles {
  readonly passwd: string;
  readonly group: string;
}

export interface IdentityWish {
  readonly user: string | null;
  readonly workspaceOwner: Readonly<{ uid: number; gid: number }> | null;
  readonly imageUser: string | null;
}

/** Whom an agent runs as when nothing says otherwise. */
export const DEFAULT_IDENTITY: Identity = { uid: 10_001, gid: 10_001, groups: [] };
/** The kernel's -1 means "no change" to setresuid. */
const MAX_ID = 4_294_967_294;

/** The identity wished for, or why there is none. */
export function resolveIdentity(wish: IdentityWish, files: UserFiles): IdentityVerdict {
  if (wish.user !== null) return refuseRoot(named(wish.user, files), `user ${wish.user}`);
  if (wish.workspaceOwner !== null) {
    const { uid, gid } = wish.workspaceOwner;
    return refuseRoot({ ok: true, identity: { uid, gid, groups: [] } }, "the workspace's owner");
  }
  if (wish.imageUser !== null && wish.imageUser !== "") {
    const found = named(wish.imageUser, files);
    if (!found.ok || found.identity.uid !== 0) return found;
  }
  return { ok: true, identity: DEFAULT_IDENTITY };
}

function refuseRoot(verdict: IdentityVerdict, what: string): IdentityVerdict {
  return verdict.ok && verdict.identity.uid === 0
    ? { ok: false, reason: `${what} is root (uid 0); agents never run as root` }
    : verdict;
}

/** `uid`, `uid:gid`, `name` or `name:group`, as Docker reads USER. */
function named(text: string, files: UserFiles): IdentityVerdict {
  const [user = "", group = ""] = text.split(":", 2);
  const row = rows(files.passwd).find(([name, , uid]) => name === user || uid === user);
  const uid = numeric(user) ?? numeric(row?.[2] ?? "");
  if (uid === null) return { ok: false, reason: `user ${user} is not in the image` };
  const gid = group === "" ? (numeric(row?.[3] ?? "") ?? uid) : groupId(group, rows(files.group));
  if (gid === null) return { ok: false, reason: `group ${group} is not in the image` };
  const groups = group === "" ? memberOf(row?.[0] ?? user, rows(files.group)) : [];
  return { ok: true, identity: { uid, gid, groups } };
}

function groupId(text: string, groups: readonly (readonly string[])[]): number | null {
  return numeric(text) ?? numeric(groups.find(([name]) => name === text)?.[2] ?? "");
}

/** Group 0 is left out: files of root are often group-writable. */
function memberOf(user: string, groups: readonly (readonly string[])[]): readonly number[] {
  return groups
    .filter((row) => (row[3] ?? "").split(",").includes(user))
    .flatMap((row) => numeric(row[2] ?? "") ?? [])
    .filter((gid) => gid !== 0);
}

function rows(text: string): readonly (readonly string[])[] {
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(":"));
}

function numeric(text: string): number | null {
  if (!/^\d{1,10}$/.test(text)) return null;
  const value = Number(text);
  return value <= MAX_ID ? value : null;
}
