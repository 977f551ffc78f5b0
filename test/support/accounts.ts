/** Settling accounts after a fault: what the records say, what the agents wrote and what the engine holds must agree. */
import { readdirSync } from "node:fs";
import { Client } from "pg";
import { type Stack, eventually } from "./stack.ts";

const SETTLE_MS = 60_000;

export interface RunRow {
  readonly project: string;
  readonly id: string;
  readonly agent: string;
  readonly replica: number;
  readonly boot: string;
  readonly started_at: Date;
  readonly ended_at: Date | null;
  readonly outcome: string | null;
  readonly exit_code: number | null;
  readonly signal: string | null;
  readonly reason: string | null;
}

export interface Line {
  readonly project: string;
  readonly agent: string;
  readonly run: string;
  readonly stream: string;
  readonly text: string;
}

interface AgentSeen {
  readonly agent: string;
  readonly replica: number;
  readonly state: string;
  readonly runId: string | null;
}

export interface ProjectSeen {
  readonly name: string;
  readonly phase: string;
  readonly health: string;
  readonly containerId: string | null;
  readonly agents: readonly AgentSeen[];
}

/** One statement, straight to the tables. */
export async function sql<R>(
  stack: Pick<Stack, "postgres">,
  text: string,
  values: readonly unknown[] = [],
): Promise<readonly R[]> {
  const client = new Client({
    connectionString: stack.postgres.url,
    connectionTimeoutMillis: 5_000,
    application_name: "a-test",
  });
  client.on("error", () => undefined);
  await client.connect();
  try {
    // as: the caller names the columns it selects
    return (await client.query(text, [...values])).rows as R[];
  } finally {
    await client.end();
  }
}

function runRows(stack: Stack): Promise<readonly RunRow[]> {
  return sql<RunRow>(stack, "select * from run order by project, agent, replica, started_at, id");
}

/** Projects as the daemon sees them; polled, so it does not start a CLI. */
export async function projects(stack: Stack): Promise<readonly ProjectSeen[]> {
  const { status, body } = await stack.get("/api/v1/projects");
  if (status !== 200) throw new Error(`projects: ${status} ${body}`);
  return (JSON.parse(body) as { items: ProjectSeen[] }).items;
}

export interface Ready {
  readonly ready: boolean;
  readonly role: string;
  readonly epoch: number | null;
  readonly modes: readonly Readonly<{ name: string; detail: string }>[];
}

export async function ready(stack: Stack): Promise<Ready> {
  return JSON.parse((await stack.get("/readyz")).body) as Ready;
}

export async function modes(stack: Stack): Promise<readonly string[]> {
  return (await ready(stack)).modes.map(({ name }) => name).toSorted();
}

/** All lines of these projects, as `berth logs` gives them. */
export async function linesOf(stack: Stack, ...names: readonly string[]): Promise<readonly Line[]> {
  const text = await stack.ok("logs", ...names, "--json");
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line);
}

/**
 * Waits until desired is observed: nobody waits or acts, every wanted agent runs, and a plan of the file says nothing to do.
 * Then looks that this is the end of it: the step journal stands still over a relist that was asked for by nobody.
 */
export async function converged(stack: Stack, file: string): Promise<void> {
  await eventually("every project is as it is wanted", () => settledNow(stack), SETTLE_MS);
  const plan = await eventually(
    "a plan says that nothing is to be done",
    async () => {
      const said = await stack.berth("plan", "-f", file, "--detailed-exitcode");
      if (said.code !== 0) throw new Error(`plan: ${said.code}\n${said.stdout}${said.stderr}`);
      return said;
    },
    SETTLE_MS,
  );
  if (plan.code !== 0) throw new Error(plan.stdout);
}

const RESTING: Readonly<Record<string, string>> = {
  active: "healthy",
  paused: "frozen",
  inactive: "stopped",
  completed: "stopped",
};

async function settledNow(stack: Stack): Promise<true | undefined> {
  const { ready: isReady, modes: held } = await ready(stack);
  if (!isReady) throw new Error(`not ready: ${JSON.stringify(held)}`);
  const restless = (await projects(stack)).filter(({ phase, health }) => RESTING[phase] !== health);
  if (restless.length > 0)
    throw new Error(
      restless.map(({ name, phase, health }) => `${name} ${phase} ${health}`).join(", "),
    );
  return true;
}

/** Waits until the records know of exactly the runs that run: none is open that does not, none runs that is not open. */
export async function recordsCaughtUp(stack: Stack): Promise<readonly RunRow[]> {
  return eventually(
    "open records are the runs that run",
    async () => {
      const running = (await projects(stack))
        .flatMap(({ agents }) => agents.flatMap(({ runId }) => runId ?? []))
        .toSorted();
      const rows = await runRows(stack);
      const open = rows.flatMap(({ id, outcome }) => (outcome === null ? [id] : [])).toSorted();
      if (open.join() === running.join()) return rows;
      throw new Error(`open: ${open.join(" ")}\nrunning: ${running.join(" ")}`);
    },
    SETTLE_MS,
  );
}

/** Two runs of one replica at once, each as a sentence: a run was repeated while the first went on. */
export function overlaps(rows: readonly RunRow[]): readonly string[] {
  const found: string[] = [];
  for (const runs of Map.groupBy(rows, (run) => `${run.project}/${run.agent}#${run.replica}`)) {
    const [slot, inOrder] = runs;
    for (const [index, run] of inOrder.entries()) {
      const next = inOrder[index + 1];
      // A lost run's end is when its loss was found out, which may be after its successor began; its boot is over.
      const over = run.outcome === "lost" ? run.boot !== next?.boot : run.ended_at !== null;
      const late =
        run.outcome !== "lost" &&
        run.ended_at !== null &&
        next !== undefined &&
        run.ended_at > next.started_at;
      if (next !== undefined && (!over || late))
        found.push(`${slot}: ${run.id} (${run.outcome}) and ${next.id}`);
    }
  }
  return found;
}

/** A run that began this long before its output was read has written its first line. */
const FIRST_LINE_MS = 5_000;
/** One that was ended sooner than this after its start may have been ended before its first line. */
const FIRST_WORD_MS = 500;
/** And one that is lost ended some time before its loss was found, by the next boot of its container. */
const FOUND_LOST_MS = 5_000;

/**
 * Every gap in what counting agents of these projects wrote, each as a sentence: a run's lines are 1 to N; every run that wrote is
 * recorded, and every recorded run of theirs wrote.
 */
export async function gaps(stack: Stack, ...names: readonly string[]): Promise<readonly string[]> {
  const at = Date.now();
  // A shell says on stderr that its child was terminated.
  const counted = (await linesOf(stack, ...names)).filter(({ stream }) => stream === "stdout");
  const written = Map.groupBy(counted, ({ run }) => run);
  const rows = await recordsCaughtUp(stack);
  const recorded = new Set(rows.map(({ id }) => id));
  const found: string[] = [];
  for (const [run, ofRun] of written) {
    const wrong = ofRun.findIndex(({ text }, index) => text !== String(index + 1));
    if (wrong >= 0)
      found.push(`${run}: line ${wrong + 1} of ${ofRun.length} is "${ofRun[wrong]?.text}"`);
    if (!recorded.has(run)) found.push(`${run} wrote ${ofRun.length} lines and is not recorded`);
  }
  for (const { id, project, outcome, started_at: started, ended_at: ended, exit_code } of rows) {
    const mayBeMute = outcome === "lost" ? FOUND_LOST_MS : FIRST_WORD_MS;
    // Who ended by itself had its time.
    const spared =
      exit_code === null && (ended ?? started).getTime() - started.getTime() < mayBeMute;
    const due =
      ended === null ? started.getTime() < at - FIRST_LINE_MS : ended.getTime() < at && !spared;
    if (names.includes(project) && due && !written.has(id))
      found.push(`${id} is recorded and wrote nothing`);
  }
  return found;
}

/** What a daemon holds open: file descriptors, and connections to Postgres. */
export interface Holdings {
  readonly descriptors: number;
  readonly connections: number;
}

export async function holdings(stack: Stack): Promise<Holdings> {
  const [counted] = await sql<{ n: number }>(
    stack,
    "select count(*)::int as n from pg_stat_activity where application_name like 'berth-%'",
  );
  return {
    descriptors: readdirSync(`/proc/${stack.daemonPid()}/fd`).length,
    connections: counted?.n ?? 0,
  };
}

/** Waits until the daemon holds no more than before, give or take the pools' own breathing. */
export async function noMoreHeld(
  stack: Stack,
  before: Holdings,
  slack: Holdings = { descriptors: 12, connections: 9 },
): Promise<void> {
  await eventually(
    "the daemon holds no more than before",
    async () => {
      const now = await holdings(stack);
      if (
        now.descriptors <= before.descriptors + slack.descriptors &&
        now.connections <= before.connections + slack.connections
      )
        return true;
      throw new Error(`before ${JSON.stringify(before)}, now ${JSON.stringify(now)}`);
    },
    30_000,
  );
}

/** Removes every project with its volumes; names what is left of the install after a while, what its projects share aside. */
export async function leftAfterRemoval(stack: Stack): Promise<readonly string[]> {
  for (const { name } of await projects(stack)) await stack.ok("remove", name, "--volumes", "-y");
  const shared = /-(spool|runner-[0-9a-f]+)$/;
  const end = Date.now() + 30_000;
  for (;;) {
    const { containers, networks, volumes } = await stack.objects();
    const objects = [...containers, ...networks, ...volumes.filter((name) => !shared.test(name))];
    const open = (await runRows(stack)).flatMap(({ id, outcome }) =>
      outcome === null ? [id] : [],
    );
    if (objects.length + open.length === 0) return [];
    if (Date.now() > end)
      return objects.length === 0
        ? open.map((id) => `open run ${id}`)
        : [await stack.docker("inspect", "--format", "{{.Name}} {{.Labels}}", ...objects)];
  }
}
