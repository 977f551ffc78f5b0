/** Makes /workspace ready before the first agent: its owner, the home directory, the clone of a git workspace. */
import {
  closeSync,
  constants,
  fchownSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import type { RunnerConfig } from "../model/desired.ts";
import { backoffMs } from "../base/backoff.ts";
import type { Clock } from "./clock.ts";
import type { ShortCommand, ShortOutcome } from "./command.ts";
import { HOME, WORKSPACE } from "../model/agent-environment.ts";
import type { Environment } from "../model/agent-environment.ts";
import type { Identity } from "../model/identity.ts";

const QUICK_MS = 10_000;
/** A clone of a large repository over a slow line. */
const CLONE_MS = 900_000;
const RETRY_FIRST_MS = 2_000;
const RETRY_MAX_MS = 300_000;

export type WorkspaceState = "pending" | "ready" | "failed";

export interface WorkspaceParts {
  readonly config: RunnerConfig;
  readonly owner: Identity;
  readonly environment: Environment;
  readonly clock: Clock;
  readonly run: (command: ShortCommand) => Promise<ShortOutcome>;
  /** In the spool, where agents cannot forge it: which repository was cloned. */
  readonly clonedMark: string;
  readonly report: (state: WorkspaceState, detail: string | null) => void;
}

/** Tries until it is ready; every failure is reported with the time of the next try. */
export async function prepareWorkspace(parts: WorkspaceParts): Promise<void> {
  for (let failures = 1; ; failures += 1) {
    const reason = await attempt(parts);
    if (reason === null) return parts.report("ready", null);
    const wait = backoffMs(RETRY_FIRST_MS, RETRY_MAX_MS, failures);
    parts.report("failed", `${reason}; next try in ${wait / 1000} s`);
    await new Promise<void>((resolve) => {
      parts.clock.after(wait, resolve);
    });
  }
}

async function attempt(parts: WorkspaceParts): Promise<string | null> {
  const refused = takeOwnership(parts);
  if (refused !== null) return refused;
  if (parts.config.git !== null) {
    const failed = await clone(parts, parts.config.git);
    if (failed !== null) return failed;
  }
  if (exists(HOME)) return null;
  // By a program of ours, but as the agent: what lies below /workspace is the agent's, and never opened by us.
  const made = await asAgent(parts, ["/.berth/bin/busybox", "mkdir", "-p", "-m", "700", HOME]);
  // An owner who cannot write there (a read-only tree) still gets its agents.
  return made.ok || parts.config.workspaceOwner !== null ? null : `${HOME}: ${made.reason}`;
}

/** The top of a volume workspace is given to the agents once, while it is still root's; a path workspace is never touched. */
function takeOwnership({ config, owner }: WorkspaceParts): string | null {
  if (config.workspaceOwner !== null) return null;
  let fd: number;
  try {
    fd = openSync(WORKSPACE, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch (thrown) {
    if (codeOf(thrown) === "EACCES") return null; // owned by an agent that closed it to others
    return `${WORKSPACE} is not there`;
  }
  try {
    if (fstatSync(fd).uid !== 0) return null;
    makeHome(owner);
    fchownSync(fd, owner.uid, owner.gid);
    return null;
  } finally {
    closeSync(fd);
  }
}

/** While the top is still root's nothing in it can be an agent's trick, and no process is needed: 10 ms of a first start. */
function makeHome(owner: Identity): void {
  try {
    mkdirSync(HOME, { mode: 0o700 });
    const fd = openSync(HOME, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    fchownSync(fd, owner.uid, owner.gid);
    closeSync(fd);
  } catch {
    // Something is there already, or it cannot be made: tried again as the agent, who then gives the reason.
  }
}

/** init, fetch, checkout rather than clone: it may be repeated after a failure half-way, and the directory need not be empty. */
async function clone(
  parts: WorkspaceParts,
  git: Readonly<{ url: string; ref: string }>,
): Promise<string | null> {
  const mark = JSON.stringify(git.url);
  if (readMark(parts.clonedMark) === mark && exists(`${WORKSPACE}/.git`)) return null;
  const steps: readonly (readonly string[])[] = [
    ["git", "init", "-q"],
    ["git", "config", "remote.origin.url", git.url],
    ["git", "config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*"],
    ["git", "fetch", "-q", "--", "origin", git.ref],
    ["git", "checkout", "-q", "-f", ...checkoutTarget(git.ref)],
  ];
  for (const argv of steps) {
    const done = await asAgent(parts, argv);
    if (!done.ok) return `${argv[0]} ${argv[1]}: ${done.reason}`;
  }
  writeFileSync(parts.clonedMark, mark, { mode: 0o600 });
  return null;
}

/** A branch or tag gets a local branch of its name; a commit is checked out as it is. */
function checkoutTarget(ref: string): readonly string[] {
  return /^[0-9a-f]{7,64}$/.test(ref) ? ["FETCH_HEAD"] : ["-B", ref, "FETCH_HEAD"];
}

function asAgent(parts: WorkspaceParts, argv: readonly string[]): Promise<ShortOutcome> {
  const network = argv[0] === "git";
  return parts.run({
    identity: parts.owner,
    cwd: WORKSPACE,
    // HOME is not there yet when git runs; no prompt can be answered.
    environment: { ...parts.environment, HOME: "/tmp", GIT_TERMINAL_PROMPT: "0" },
    argv,
    deadlineMs: network ? CLONE_MS : QUICK_MS,
  });
}

function exists(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch (thrown) {
    return codeOf(thrown) === "EACCES";
  }
}

function readMark(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

function codeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && "code" in thrown ? String(thrown.code) : undefined;
}
