/** Ends that come from elsewhere: a project removed while its tasks run, and a database that refuses to settle what was done. */
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { post } from "../../support/post.ts";
import { host } from "../../support/samples.ts";
import { type Stack, eventually, startStack } from "../../support/stack.ts";

const SLOTS = 2;
const project = (name: string, idle = ""): string => `  ${name}:
    limits: { agents: ${SLOTS} }
${idle}    agents:
      coder:
        command: [/bin/sh, -c, 'case "$(cat)" in *long*) exec sleep 300;; esac']
        on: task
        max: ${SLOTS}
        stop_grace_period: 1s
`;

let stack: Stack;
let client: Client;
beforeAll(async () => {
  stack = await startStack();
  const projects =
    project("gone") + project("killed") + project("calm", "    idle: { freeze_after: 1s }\n");
  await stack.apply(host(projects, `  agents: ${SLOTS}\n`));
  client = new Client({ connectionString: stack.postgres.url });
  await client.connect();
});
afterAll(async () => {
  await client?.end();
  await stack.close();
});

interface Task {
  readonly id: string;
  readonly state: string;
  readonly reason: string | null;
  readonly attempts: number;
}
async function submit(
  name: string,
  payload: string,
  after: readonly string[] = [],
): Promise<string> {
  const task = { project: name, agent: "coder", payload, after };
  const { body } = await post(stack.socket, "/api/v1/tasks", { body: task });
  return (JSON.parse(body) as { task: Task }).task.id;
}
const show = async (id: string): Promise<Task> =>
  JSON.parse((await stack.get(`/api/v1/tasks/${id}`)).body) as Task;
const reached = (id: string, state: string): Promise<Task> =>
  eventually(
    `task ${id} is ${state}`,
    async () => {
      const task = await show(id);
      return task.state === state ? task : undefined;
    },
    40_000,
  );

/** All slots taken by running tasks of `name`, one task that waits for a slot and one that waits for that. */
async function busy(name: string): Promise<Readonly<{ running: string[]; waiting: string[] }>> {
  const running: string[] = [];
  for (let at = 0; at < SLOTS; at += 1) running.push(await submit(name, "long"));
  for (const id of running) await reached(id, "running");
  const ready = await submit(name, "short");
  return { running, waiting: [ready, await submit(name, "short", [ready])] };
}

async function endsWithIt(
  name: string,
  { running, waiting }: Awaited<ReturnType<typeof busy>>,
): Promise<void> {
  for (const id of [...running, ...waiting])
    expect(await reached(id, "cancelled")).toMatchObject({ reason: "project removed" });
  for (const id of running) expect((await show(id)).attempts).toBe(1);
  for (const id of waiting) expect((await show(id)).attempts).toBe(0);
  const { rows } = await client.query<{ open: number; outcomes: string[] }>(
    "select count(*) filter (where outcome is null)::int as open, array_agg(distinct outcome) as outcomes from attempt where project = $1",
    [name],
  );
  // Stopped with the container, or what nobody was told the end of any more.
  expect(rows).toMatchObject([{ open: 0 }]);
  expect(["cancelled", "lost"]).toEqual(expect.arrayContaining(rows[0]?.outcomes ?? []));
  // The slots are free again: somebody else's task gets one.
  await reached(await submit("calm", "short"), "succeeded");
}

test("a project removed while its tasks run takes them along: each ends once, and the slots are free", async () => {
  const tasks = await busy("gone");
  const other = await submit("calm", "short");
  expect((await show(other)).state).toBe("ready");
  await stack.ok("remove", "gone", "--volumes", "-y");
  await endsWithIt("gone", tasks);
  await reached(other, "succeeded");
  await eventually("the queue is empty", async () => {
    const { body } = await stack.get("/api/v1/queue");
    const { taken, waiting } = JSON.parse(body) as { taken: number; waiting: number };
    return taken + waiting === 0 ? true : undefined;
  });
  expect(await stack.docker("ps", "-aq", "--filter", `name=berth-${stack.install}-gone`)).toBe("");
});

test("so it does when the daemon is killed in the middle of the removal", async () => {
  const tasks = await busy("killed");
  const removal = stack.berth("remove", "killed", "--volumes", "-y");
  await eventually("the wish is recorded", async () => {
    const { rows } = await client.query(
      "select from project where name = 'killed' and wanted = 'removed'",
    );
    return rows.length === 1 ? true : undefined;
  });
  await stack.killDaemon();
  await removal;
  await stack.startDaemon();
  await eventually(
    "it is gone",
    async () => {
      const { rows } = await client.query("select from project where name = 'killed'");
      return rows.length === 0 ? true : undefined;
    },
    40_000,
  );
  await endsWithIt("killed", tasks);
  expect(await stack.docker("ps", "-aq", "--filter", `name=berth-${stack.install}-killed`)).toBe(
    "",
  );
});

test("a thaw that was done but could not be settled: the task runs, the project rests again, and the step is settled later", async () => {
  const state = (): Promise<string> =>
    stack.docker("inspect", "-f", "{{.State.Status}}", `berth-${stack.install}-calm`);
  const rests = (): Promise<true> =>
    eventually(
      "it is frozen",
      async () => ((await state()) === "paused" ? true : undefined),
      40_000,
    );
  const open = async (): Promise<number> =>
    (await client.query("select from step where outcome is null and kind = 'thaw-container'")).rows
      .length;
  await rests();
  await client.query(`create function refuse() returns trigger language plpgsql as $$
    begin raise exception 'refused for the test' using errcode = '53100'; end $$`);
  await client.query(
    "create trigger refuse before update on step for each row when (old.kind = 'thaw-container') execute function refuse()",
  );
  await reached(await submit("calm", "short"), "succeeded");
  expect(await open()).toBe(1);
  await client.query("drop trigger refuse on step");
  await rests();
  await reached(await submit("calm", "short"), "succeeded");
  await eventually("no step is left open", async () => ((await open()) === 0 ? true : undefined));
});
