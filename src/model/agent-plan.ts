/** What the runner makes of one declared agent: the process to start, and a fingerprint that tells when it must be another. */
import type { AgentSpec } from "./agent.ts";
import type { RunnerConfig } from "./desired.ts";
import { agentEnvironment, WORKSPACE } from "./agent-environment.ts";
import type { Environment } from "./agent-environment.ts";
import { resolveIdentity } from "./identity.ts";
import type { IdentityVerdict, UserFiles } from "./identity.ts";

/** What the runner knows of the image from inside. */
export interface ImageFacts {
  readonly environment: Environment;
  readonly users: UserFiles;
}

export interface AgentPlan {
  readonly spec: AgentSpec;
  readonly generation: number;
  readonly identity: IdentityVerdict;
  readonly cwd: string;
  readonly argv: readonly string[];
  /** Without BERTH_REPLICA and BERTH_RUN_ID, which differ from run to run. */
  readonly environment: Environment;
  /** Equal fingerprints: a running process needs no restart. Neither policy nor number of replicas is part of it. */
  readonly fingerprint: string;
  /** What is done about the process: adopted while it runs. */
  readonly policy: string;
}

/** Pure: same configuration and image, same plan. */
export function planAgent(spec: AgentSpec, config: RunnerConfig, image: ImageFacts): AgentPlan {
  const identity = identityFor(spec.user, config, image.users);
  const process = {
    cwd: spec.cwd ?? workdirOf(config),
    argv:
      spec.entrypoint === "image" ? [...config.image.entrypoint, ...spec.command] : spec.command,
    environment: agentEnvironment({
      image: image.environment,
      project: config.environment,
      agent: spec.environment,
      berth: { BERTH_PROJECT: config.project, BERTH_AGENT: spec.name },
    }),
  };
  const fingerprint = JSON.stringify([process, identity]);
  const policy = JSON.stringify([spec.restart, spec.health, spec.stopGraceMs]);
  return { spec, generation: config.generation, identity, ...process, fingerprint, policy };
}

/** Whether its processes are tasks'. A configuration kept from before there were tasks says nothing, and means no. */
export function isWorker(spec: AgentSpec): boolean {
  return typeof spec.task === "object" && spec.task !== null;
}

/** The identity of a declared `user:`, or of an agent that declares none. */
function identityFor(user: string | null, config: RunnerConfig, users: UserFiles): IdentityVerdict {
  const { workspaceOwner, image } = config;
  return resolveIdentity({ user, workspaceOwner, imageUser: image.user }, users);
}

/** Who owns the workspace's top and the secrets: whom agents run as by default, else the first agent with a user. */
export function primaryIdentity(config: RunnerConfig, users: UserFiles): IdentityVerdict {
  const everyoneDiffers =
    config.agents.length > 0 && config.agents.every(({ user }) => user !== null);
  const user = everyoneDiffers ? (config.agents[0]?.user ?? null) : null;
  return identityFor(user, config, users);
}

/** Environment, directory and identity of a command that is no agent's (`exec`). */
export function planProject(
  config: RunnerConfig,
  image: ImageFacts,
): Readonly<{ identity: IdentityVerdict; cwd: string; environment: Environment }> {
  return {
    identity: primaryIdentity(config, image.users),
    cwd: workdirOf(config),
    environment: agentEnvironment({
      image: image.environment,
      project: config.environment,
      agent: {},
      berth: { BERTH_PROJECT: config.project },
    }),
  };
}

function workdirOf(config: RunnerConfig): string {
  const { workdir } = config.image;
  return workdir === null || workdir === "" ? WORKSPACE : workdir;
}
