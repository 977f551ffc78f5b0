/** How programs are started from the runner volume at /.berth, which must work in any image and trust nothing of it. */

/** Static, so that nothing of the image's environment acts in it; see images/runner/launcher. */
const LAUNCHER = "/.berth/launcher";
/**
 * Small heaps and one helper thread: 11 MB private, 5 of the container's pids (7 without the last flag). A start makes less
 * garbage than 2 MB, and so collects none.
 */
const NODE_FLAGS: readonly string[] = [
  "--min-semi-space-size=2",
  "--max-semi-space-size=2",
  "--max-old-space-size=64",
  "--v8-pool-size=1",
];

/**
 * What the runner's process is: its variables, then the command. The volume brings Node's own libraries, and its loader,
 * which is written into it (images/runner/collect): started by the loader instead, it took 4 ms of CPU more.
 */
export const RUNNER_COMMAND: readonly string[] = [
  "UV_THREADPOOL_SIZE=2",
  "LD_LIBRARY_PATH=/.berth/lib",
  "--",
  "/.berth/node",
  ...NODE_FLAGS,
  "/.berth/runner.js",
];

/**
 * PID 1 of every project container. The image's environment (LD_PRELOAD, NODE_OPTIONS) must not reach the runner: the
 * launcher gives it only what stands here. The runner reads the image's from PID 1 and gives it to agents only.
 */
export const RUNNER_ENTRYPOINT: readonly string[] = [
  "/.berth/tini",
  "--",
  LAUNCHER,
  "serve",
  ...RUNNER_COMMAND,
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
}

/** The launcher takes no more; the agent's own group and its marker come first. */
const MAX_GROUPS = 60;

/** All groups of a command. */
export function groupsOf(command: AgentCommand): readonly number[] {
  return [...new Set([command.gid, command.marker, ...command.groups])].slice(0, MAX_GROUPS);
}

/** The environment as the kernel takes it. */
export function variablesOf(command: AgentCommand): readonly string[] {
  return Object.entries(command.environment).map(([name, value]) => `${name}=${value}`);
}

/** argv for `docker exec` as root that becomes the agent's command, with none of the image's environment. */
export function execArgv(command: AgentCommand): readonly string[] {
  const identity = [command.uid, command.gid, ...groupsOf(command).slice(1)].join(":");
  return [LAUNCHER, "as", identity, command.cwd, ...variablesOf(command), "--", ...command.argv];
}
