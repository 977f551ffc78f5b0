/** The environment of an agent: the image's, the project's, the agent's, and what Berth says about itself. */

export const WORKSPACE = "/workspace";
export const HOME = "/workspace/.home";
/** `berth-agent` lives there; last, so that nothing of the image is shadowed. */
const BERTH_PATH = "/.berth/bin";
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export type Environment = Readonly<Record<string, string>>;

export interface EnvironmentLayers {
  readonly image: Environment;
  readonly project: Environment;
  readonly agent: Environment;
  /** BERTH_* facts; nothing overrides them. */
  readonly berth: Environment;
}

/** Later layers win; HOME is the workspace's unless a declaration says otherwise. */
export function agentEnvironment(layers: EnvironmentLayers): Environment {
  const { image, project, agent, berth } = layers;
  const merged = { PATH: DEFAULT_PATH, ...image, HOME, ...project, ...agent, ...berth };
  return { ...merged, PATH: withOurs(merged.PATH) };
}

function withOurs(path: string): string {
  if (path.split(":").includes(BERTH_PATH)) return path;
  return path === "" ? BERTH_PATH : `${path}:${BERTH_PATH}`;
}
