/** `start`, `stop`, `restart`, `pause`, `resume`, `complete`: say what is wanted and wait until it is so. */
import type { Command } from "commander";
import type { Client, Project, Steering } from "../../client/client.ts";
import type { Context, Given } from "../context.ts";
import { effectOf, type Effect } from "../effect.ts";
import { durationOf } from "../duration.ts";
import { printEach } from "../output.ts";
import { projectOf, targetOf } from "../target.ts";
import type { Verb } from "../verb.ts";
import { waitFor } from "../wait.ts";

type Word = Exclude<Steering["verb"], "scale">;

/** Longer than any usual stop grace; what takes longer is told so and goes on. */
const TIMEOUT_MS = 120_000;
const PAST: Readonly<Record<Word, string>> = {
  start: "started",
  stop: "stopped",
  restart: "restarted",
  pause: "paused",
  resume: "resumed",
  complete: "completed",
};

export const start = agentVerb(
  "start",
  "Run projects, or agents that were stopped by hand.",
  "berth start web/coder",
);
export const stop = agentVerb(
  "stop",
  "Stop projects or agents; they stay declared.",
  "berth stop web api",
);
export const restart = agentVerb(
  "restart",
  "Restart whole containers, or one agent's processes.",
  "berth restart web/coder",
);
export const resume = projectVerb("resume", "Return projects from a pause.", "berth resume web");
export const complete = projectVerb(
  "complete",
  "Stop projects for good and keep their workspaces.",
  "berth complete web",
);

export const pause: Verb = {
  output: "formats",
  examples: ["berth pause web", "berth pause web --stop"],
  define: (command) =>
    withWait(command)
      .description("Freeze projects in memory, or stop their containers.")
      .argument("<project...>")
      .option(
        "--stop",
        "stop the container instead of freezing it: frees its memory, ends its processes",
      ),
  run: (context, given) => {
    const mode = given.flag("stop") ? "stop" : "freeze";
    const asked = given.args.map((word): Steering => ({
      project: projectOf(word),
      verb: "pause",
      body: { mode },
    }));
    return steer(context, given, asked);
  },
};

function agentVerb(verb: Word, description: string, example: string): Verb {
  return {
    output: "formats",
    examples: [`berth ${verb} web`, example],
    define: (command) =>
      withWait(command).description(description).argument("<project[/agent]...>"),
    run: (context, given) =>
      steer(
        context,
        given,
        given.args.map((word): Steering => {
          const { project, agent } = targetOf(word);
          return agent === null ? { project, verb } : { project, agent, verb };
        }),
      ),
  };
}

function projectVerb(verb: Word, description: string, example: string): Verb {
  return {
    output: "formats",
    examples: [example],
    define: (command) => withWait(command).description(description).argument("<project...>"),
    run: (context, given) =>
      steer(
        context,
        given,
        given.args.map((word): Steering => ({ project: projectOf(word), verb })),
      ),
  };
}

/** Adds the options of verbs that wait. */
export function withWait(command: Command): Command {
  return command
    .option("--no-wait", "return as soon as the wish is recorded")
    .option(
      "--timeout <duration>",
      "how long to wait (default 2m); then exit 75, and the daemon goes on",
    );
}

/** Records every wish, then waits for all of them together: for the agents that are named, else for the whole project. All projects are looked up before the first is touched. */
export async function steer(
  context: Context,
  given: Given,
  asked: readonly Steering[],
): Promise<number> {
  const timeoutMs = durationOf(given, "timeout", TIMEOUT_MS);
  const client = await context.client();
  const effects = new Map<string, Effect>();
  for (const steering of asked) {
    const before = await client.project(steering.project);
    const effect = (await startsWorker(steering, before, client))
      ? SHOWN
      : effectOf(steering, before);
    const others = effects.get(steering.project);
    effects.set(steering.project, (after) => effect(after) && others?.(after) !== false);
  }
  for (const steering of asked) await client.steer(steering);
  const waited = given.flag("wait");
  const agents = agentsOf(asked);
  if (waited) await waitFor(context, { names: [...effects.keys()], timeoutMs, effects, agents });
  await printEach(context, asked, async (steering) => {
    const project = await client.project(steering.project);
    const name = targetName(steering);
    return { value: project, name, text: `${name} ${saidOf(steering, project, waited)}` };
  });
  return 0;
}

/** Projects of which nothing but these agents was named. */
function agentsOf(asked: readonly Steering[]): ReadonlyMap<string, ReadonlySet<string>> {
  const named = new Map<string, Set<string>>();
  for (const { project, agent } of asked)
    if (agent !== undefined) named.set(project, (named.get(project) ?? new Set()).add(agent));
  for (const { project, agent } of asked) if (agent === undefined) named.delete(project);
  return named;
}

const SHOWN: Effect = () => true;

/** A worker has processes while tasks run alone: that it may start them shows in no project. */
async function startsWorker(
  { project, agent, verb }: Steering,
  before: Project,
  client: Client,
): Promise<boolean> {
  if (verb !== "start" || agent === undefined) return false;
  if (before.agents.some((status) => status.agent === agent)) return false;
  const { workers } = await client.queue({ project, limit: 1 });
  return workers.some((worker) => worker.agent === agent);
}

function targetName({ project, agent }: Steering): string {
  return agent === undefined ? project : `${project}/${agent}`;
}

function saidOf({ verb, body }: Steering, project: Project, waited: boolean): string {
  if (!waited) return `${verb} recorded, now ${project.phase}`;
  return verb === "scale" ? `scaled to ${String(body?.["replicas"])}` : PAST[verb];
}
