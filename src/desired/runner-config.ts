/** What the runner of a project is to keep running, and the fingerprint that says which agents a change touches. */
import { shortHash } from "../base/hash.ts";
import type { RunnerConfig } from "../model/desired.ts";
import type { InstallFacts } from "../model/desired-project.ts";
import { fingerprint } from "../model/fingerprint.ts";
import { type ProjectRecord, wantedReplicas } from "../model/project-record.ts";

export interface ImageDefaults {
  /** Null: not looked at yet. */
  readonly id: string | null;
  readonly entrypoint: readonly string[];
  readonly user: string | null;
  readonly workdir: string | null;
  /** Its ENV; null: not looked at yet. */
  readonly environment: Readonly<Record<string, string>> | null;
  /** VOLUME paths of the image. */
  readonly volumes: readonly string[];
}

export type Owner = Readonly<{ uid: number; gid: number }>;

/** Replicas as scaled or stopped by hand, serials with `*` counted for every agent. */
export function desireRunnerConfig(
  record: ProjectRecord,
  install: InstallFacts,
  facts: Readonly<{ image: ImageDefaults; workspaceOwner: Owner | null }>,
): RunnerConfig {
  const { spec } = record;
  const agents = Object.values(spec.agents)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map((agent) => ({ ...agent, replicas: wantedReplicas(agent, record) }));
  const config = {
    epoch: install.epoch,
    generation: record.generation,
    project: record.name,
    install: install.install,
    environment: spec.environment,
    agents,
    secretNames: spec.secrets.toSorted(),
    git:
      spec.workspace.kind === "git" ? { url: spec.workspace.url, ref: spec.workspace.ref } : null,
    workspaceOwner: spec.workspace.kind === "path" ? facts.workspaceOwner : null,
    image: {
      entrypoint: facts.image.entrypoint,
      user: facts.image.user,
      workdir: facts.image.workdir,
      environment: facts.image.environment,
    },
    restartSerials: Object.fromEntries(agents.map(({ name }) => [name, serialOf(name, record)])),
  };
  return { hash: configFingerprint(config), ...config };
}

/** A restart of the whole project (`*`) is the container's: see its spec hash. */
function serialOf(agent: string, record: ProjectRecord): number {
  return record.restartSerials[agent] ?? 0;
}

/** An agent's part is `<process>-<policy>-<replicas or task>-<serial>`: what restarts it stands apart from what does not. */
function configFingerprint(config: Omit<RunnerConfig, "hash">): string {
  const { environment: _seenInside, ...image } = config.image;
  return fingerprint([
    ["environment", brief(config.environment)],
    ["secrets", brief(config.secretNames)],
    ["workspace", brief([config.git, config.workspaceOwner])],
    ["image", brief(image)],
    ...config.agents.map((agent) => {
      const {
        command,
        entrypoint,
        user,
        cwd,
        environment,
        task,
        replicas,
        restart,
        health,
        stopGraceMs,
      } = agent;
      const part = [
        brief([command, entrypoint, user, cwd, environment]),
        brief([restart, health, stopGraceMs]),
        task === null ? replicas : "task",
        config.restartSerials[agent.name] ?? 0,
      ];
      return [`agents.${agent.name}`, part.join("-")] as const;
    }),
  ]);
}

function brief(value: unknown): string {
  return shortHash(value).slice(0, 8);
}
