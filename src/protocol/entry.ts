/** How programs are started from the runner volume at /.berth, which must work in any image and trust nothing of it. */

/** The volume brings its own loader and libraries, under one name on every machine. */
export const LOADER_PATH = "/.berth/ld.so";
const LIBRARY_FLAGS: readonly string[] = ["--library-path", "/.berth/lib"];

/** Small heaps and one helper thread: 14 MB private, 5 of the container's pids (7 without the last flag). */
export const NODE_FLAGS: readonly string[] = [
  "--max-semi-space-size=1",
  "--max-old-space-size=64",
  "--v8-pool-size=1",
];

/**
 * PID 1 of every project container. The image's environment (LD_PRELOAD, NODE_OPTIONS) must not reach the runner, so a
 * static `env -i` stands between; the runner reads it from PID 1 and gives it to agents only.
 */
export const RUNNER_ENTRYPOINT: readonly string[] = [
  "/.berth/tini",
  "--",
  "/.berth/bin/busybox",
  "env",
  "-i",
  "UV_THREADPOOL_SIZE=2",
  LOADER_PATH,
  ...LIBRARY_FLAGS,
  "/.berth/node",
  ...NODE_FLAGS,
  "/.berth/runner.js",
];

/** A command as an agent runs it. */
export interface AgentCommand {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups besides the marker. */
  readonly groups: readonly number[];
  /** The supplementary group that names every descendant of this command, whatever it does. */
  readonly marker: number;
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly argv: readonly string[];
  /** What error lines of the start itself begin with. */
  readonly label: string;
}

/** chpst takes no more; the agent's own group and its marker come first. */
const MAX_GROUPS = 60;

/**
 * argv that becomes the agent's command: identity first, then directory and environment, as the agent. To be spawned
 * by root with an EMPTY environment: an agent's LD_PRELOAD must not act while the process is still root. With the leading
 * colon chpst takes numbers as numbers; setpriv asks the image's user database and its NSS modules for them first, as root.
 */
export function agentArgv(command: AgentCommand): readonly string[] {
  const groups = [...new Set([command.gid, command.marker, ...command.groups])].slice(
    0,
    MAX_GROUPS,
  );
  const variables = Object.entries(command.environment).map(([name, value]) => `${name}=${value}`);
  const loader = [LOADER_PATH, "--argv0", command.label, ...LIBRARY_FLAGS];
  const identity = [...loader, "/.berth/bin/chpst", "-u", `:${command.uid}:${groups.join(":")}`];
  const env = [...loader, "/.berth/bin/env", "-i", "-C", command.cwd, ...variables];
  return [...identity, ...env, ...command.argv];
}

/** The same for `docker exec` as root, where the image's environment is present and has to be dropped first. */
export function execArgv(command: AgentCommand): readonly string[] {
  return ["/.berth/bin/busybox", "env", "-i", ...agentArgv(command)];
}
