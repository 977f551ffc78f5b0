/** How large a declaration may be; each bound is far above real use and far below what would hurt the daemon. */

export const BOUNDS = {
  /** One file: 4,000 lines of 256 characters; the largest compose files seen are a tenth of it. */
  fileBytes: 1_048_576,
  /** All files of a bundle. */
  bundleBytes: 16_777_216,
  /** A host file, an overlay and a file for each of the projects. */
  files: 1002,
  projects: 1000,
  templates: 100,
  agentsPerProject: 64,
  /** Anything one agent says or passes; Linux refuses a single argument of 128 KiB. */
  textLength: 65_536,
  /** Environment and agents of one project, as they are told its runner: with the rest they fit a message of 1 MiB. */
  runnerBytes: 921_600,
  environmentEntries: 256,
  labels: 64,
  commandParts: 256,
  secrets: 64,
  tmpfs: 16,
  includes: 100,
  workspaceRoots: 32,
  /** Collections inside collections; a declaration needs seven. */
  depth: 32,
  /** Entries of one map or list; twice the number of projects. */
  members: 2000,
  /** Values of one file with its aliases written out; 64 agents with every key set are 2,000. */
  nodes: 100_000,
  /** Values of all projects with what they inherit; a thousand projects of usual size have 100,000. */
  inheritedNodes: 500_000,
} as const;
