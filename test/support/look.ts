/** Looks at a stack's world from outside: its views, its rows, its containers, and what the engine says happened. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { Client } from "pg";
import type { QueryResultRow } from "pg";
import type { Event, Project } from "../../src/client/client.ts";
import { type Stack, eventually } from "./stack.ts";

/** What these tests read of `docker inspect`. */
export interface Inspected {
  readonly Id: string;
  readonly Name: string;
  /** Id of the image it runs on. */
  readonly Image: string;
  readonly RestartCount: number;
  readonly State: Readonly<{ Status: string; Pid: number; StartedAt: string; ExitCode: number }>;
  readonly HostConfig: Readonly<{
    Memory: number;
    MemorySwap: number;
    NanoCpus: number;
    CpuShares: number;
    PidsLimit: number;
    MemoryReservation: number;
    CpusetCpus: string;
    RestartPolicy: Readonly<{ Name: string }>;
    Tmpfs: Readonly<Record<string, string>> | null;
  }>;
  readonly Config: Readonly<{ Image: string; Labels: Readonly<Record<string, string>> }>;
  readonly NetworkSettings: Readonly<{ Networks: Readonly<Record<string, unknown>> }>;
}

export interface StepRow {
  readonly id: string;
  readonly project: string;
  readonly kind: string;
  readonly cause: string;
  readonly external: boolean;
  readonly outcome: string;
  readonly opened_at: Date;
  readonly settled_at: Date;
}

/** Everything about one stack that is looked at again and again. */
export function lookAt(stack: Stack) {
  const projects = async (): Promise<readonly Project[]> => {
    const { status, body } = await stack.get("/api/v1/projects");
    if (status !== 200) throw new Error(`${status} ${body}`);
    return (JSON.parse(body) as { items: Project[] }).items;
  };
  const project = async (name: string): Promise<Project> => {
    const found = (await projects()).find((each) => each.name === name);
    if (found === undefined) throw new Error(`there is no project ${name}`);
    return found;
  };
  const rows = <R extends QueryResultRow>(text: string, values: readonly unknown[] = []) =>
    query<R>(stack.postgres.url, text, values);
  return {
    projects,
    project,
    rows,
    /** The project once it is as `fits` says. */
    until: (name: string, fits: (project: Project) => boolean, deadlineMs = 30_000) =>
      eventually(
        `${name} as wanted`,
        async () => {
          const found = await project(name);
          if (fits(found)) return found;
          throw new Error(JSON.stringify(found));
        },
        deadlineMs,
      ),
    healthy(name: string, deadlineMs = 30_000): Promise<Project> {
      return this.until(
        name,
        (found) => found.phase === "active" && found.health === "healthy",
        deadlineMs,
      );
    },
    /** The project's one container; fails when there is none or more than one. */
    async container(name: string): Promise<Inspected> {
      const ids = (
        await stack.docker(
          "ps",
          "-aq",
          "--no-trunc",
          "--filter",
          `label=berth.install=${stack.install}`,
          "--filter",
          `label=berth.project=${name}`,
        )
      ).split("\n");
      const [id, second] = ids.filter(Boolean);
      if (id === undefined || second !== undefined)
        throw new Error(`${name} has ${second === undefined ? "no container" : ids.join()}`);
      return inspect(stack, id);
    },
    inspect: (id: string) => inspect(stack, id),
    steps: (name: string) =>
      rows<StepRow>(
        "select id, project, kind, cause, external, outcome, opened_at, settled_at from step where project = $1 order by id",
        [name],
      ),
    async events(name: string | null = null): Promise<readonly Event[]> {
      const filter = name === null ? "" : `&project=${name}`;
      const { body } = await stack.get(`/api/v1/events?order=newest&limit=200${filter}`);
      return (JSON.parse(body) as { items: Event[] }).items.toReversed();
    },
    /** Sum of a metric's samples whose labels contain `labels`. */
    async metric(name: string, labels = ""): Promise<number> {
      const { body } = await stack.get("/metrics");
      return body
        .split("\n")
        .filter((line) => line.startsWith(name) && !line.startsWith("#") && line.includes(labels))
        .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
    },
  };
}

export type Look = ReturnType<typeof lookAt>;

async function inspect(stack: Stack, id: string): Promise<Inspected> {
  const [found] = JSON.parse(await stack.docker("inspect", id)) as Inspected[];
  if (found === undefined) throw new Error(`no container ${id}`);
  return found;
}

/** One query on a connection of its own. */
async function query<R extends QueryResultRow>(
  url: string,
  text: string,
  values: readonly unknown[],
): Promise<R[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query<R>(text, [...values])).rows;
  } finally {
    await client.end();
  }
}

export interface EngineWatch {
  /** `container start berth-x-web`, oldest first; of this install only. */
  readonly seen: readonly string[];
  stop(): void;
}

/** Listens to the engine from now on; resolves once it is listening. */
export async function watchEngine(stack: Stack): Promise<EngineWatch> {
  const seen: string[] = [];
  const child = spawn("docker", ["events", "--since", "1s", "--format", "{{json .}}"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  // A volume of the watcher's own is the sign that the stream is open: what happened before it has been heard by then, and
  // what happens from then on is heard.
  const sign = `berth-test-sign-${stack.install}`;
  const heard = { sign: false };
  createInterface({ input: child.stdout }).on("line", (line) => {
    const event = JSON.parse(line) as {
      Type: string;
      Action: string;
      Actor: { ID: string; Attributes: Record<string, string> };
    };
    const name = event.Actor.Attributes["name"] ?? event.Actor.ID;
    heard.sign ||= name === sign;
    if (name.startsWith(`berth-${stack.install}-`))
      seen.push(`${event.Type} ${event.Action} ${name}`);
  });
  await eventually("the engine's events are heard", async () => {
    await stack.docker("volume", "create", sign);
    await stack.docker("volume", "rm", sign);
    return heard.sign ? true : undefined;
  });
  seen.length = 0;
  return { seen, stop: () => void child.kill("SIGKILL") };
}
