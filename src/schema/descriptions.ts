/** One sentence for each key of a declaration, shown by editors; the key's place is its path, `*` for a name of the operator's. */

export const DESCRIPTIONS: Readonly<Record<string, string>> = {
  api_version: "Version of this format.",
  host: "What this machine keeps for itself and hands out.",
  "host.reserve": "Kept for the host, Redis, Postgres and the daemon; projects share the rest.",
  "host.reserve.disk": "Below this much free disk no project is started.",
  "host.network_pool":
    "Private IPv4 range between /8 and /24; every project's network is a /28 out of it.",
  "host.overcommit":
    "Factor on the memory that limits may add up to; 1 promises every limit at once.",
  "host.agents": "Size of the agent pool: how many tasks run at once on this host.",
  "host.strategy":
    "How free slots are shared out: weighted-round-robin by weight and measured performance, priority with aging, or dominant-share of CPU, memory and slots.",
  "host.workspace_roots":
    "Directories, relative to this file, below which path workspaces must lie.",
  defaults: "Inherited by every project; a project's own values win, a template's do not.",
  templates: "Named beginnings of projects, taken with `extends`.",
  include: "Project files, relative to this file; globs may be used.",
  projects: "Projects declared here instead of in files of their own, by name.",
  name: "3 to 40 lower-case letters, digits and dashes.",
  extends: "The template this builds on.",
  image: "The image the project's agents run in.",
  priority:
    "Orders starts and admission: low (100), normal (500), high (750), critical (1000), or 0 to 1000.",
  weight: "Share of CPU under contention, relative to other projects.",
  limits: "What the kernel enforces for the project's container.",
  "limits.cpus": "CPUs; 1.5 is one and a half cores.",
  "limits.memory": "Memory without swap, at least 64MiB.",
  "limits.pids": "Processes and threads, at least 32.",
  "limits.agents": "The most agent processes: replicas of services and running tasks together.",
  "limits.nofile": "Open files per process.",
  "limits.shm":
    "Size of /dev/shm, at most half of limits.memory; only beside a memory limit below 140MiB the default of 64MiB becomes what fits.",
  network: "Whom the project may talk to.",
  "network.egress": "none: nobody; open: public addresses only.",
  workspace: "Where the project's files live, mounted at /workspace; one of volume, path or git.",
  "workspace.volume": "A volume of the project's own.",
  "workspace.path": "A directory of the host, below one of host.workspace_roots.",
  "workspace.git": "A repository, cloned once into a volume.",
  "workspace.ref": "Branch, tag or commit to clone.",
  environment: "Environment of every agent; BERTH_* is reserved.",
  labels: "Labels of the container; berth.* is reserved.",
  secrets: "Names of secrets handed to the agents as files in /run/secrets, and nowhere else.",
  security: "Hardening that is given up on purpose.",
  "security.read_only_root": "false makes the container's root writable.",
  tmpfs:
    "Further writable directories in memory; with /tmp and the others at most a third of limits.memory.",
  idle: "What happens to the project without work: no task runs or could run, no exec is open. Work wakes it. Services do not count as work, and are frozen or stopped along; a project without workers is never idle. none takes an inherited one away.",
  "idle.freeze_after":
    "Without work for so long, the container is frozen: memory stays taken, nothing runs, a task wakes it in tens of milliseconds.",
  "idle.stop_after":
    "Without work for so long, the container is stopped: its memory is free for others, a task starts it again.",
  agents:
    "Services kept running in the project's container and workers run once per task, by name.",
  "agents.*.command": "The whole argv as a list; no shell.",
  "agents.*.entrypoint": "image puts the image's entrypoint before the command.",
  "agents.*.on": "task makes it a worker: one process per task, none otherwise.",
  "agents.*.min": "Slots kept for this worker whatever others want.",
  "agents.*.max": "The most tasks of this worker at once.",
  "agents.*.timeout": "Time for one attempt; past it the whole process tree is killed.",
  "agents.*.retries": "What happens after an attempt that failed, timed out or was lost.",
  "agents.*.retries.max": "Attempts after the first.",
  "agents.*.retries.backoff": "Delay before the second attempt; it doubles with each, with jitter.",
  "agents.*.replicas": "How many of it run; not for workers.",
  "agents.*.restart": "What happens after an exit: no, on-failure, always, or a map with a budget.",
  "agents.*.restart.max": "Restarts within the window before the agent counts as crash-looping.",
  "agents.*.restart.backoff": "First delay before a restart; it doubles up to backoff_max.",
  "agents.*.health":
    "A command that exits with 0 while the agent is well; none takes an inherited check away.",
  "agents.*.health.retries": "Consecutive failures that make the agent unhealthy.",
  "agents.*.health.start_period": "Failures this soon after the start do not count.",
  "agents.*.stop_grace_period": "Time between SIGTERM and SIGKILL.",
  "agents.*.user": "uid or uid:gid, never root; without it the image's USER, else 10001.",
  "agents.*.cwd": "Working directory; without it the image's WORKDIR, else /workspace.",
  "agents.*.environment": "Added to the project's environment for this agent.",
};
