/** A full host: what an idle pass asks and costs, what memory it takes, and how soon a new daemon knows everything again. */
import { agent, hostFile, namesOf, SLEEP, somePool } from "./declared.ts";
import { median, msOf, percentile, shown } from "./numbers.ts";
import type { Row } from "./report.ts";
import { bareEngine } from "./rivals.ts";
import {
  benchStack,
  childrenOf,
  cpuMsOf,
  expectRunning,
  memoryOf,
  metric,
  projectsOf,
  runningAgents,
  type Scale,
} from "./stacks.ts";
import { type Stack, eventually } from "../support/stack.ts";

const AGENTS_A_PROJECT = 3;
const LIST_CALLS = 3;
const PASS_MS = 50;
const CPU_PERCENT = 1;
const DAEMON_MIB = 180;
const RUNNER_MIB = 20;
const KNOWN_MS = 2_000;
const PASSES = 'pass="host"';
const RECONCILE = "berth_reconcile_duration_seconds";

export async function hundredBench(scale: Scale): Promise<readonly Row[]> {
  const names = namesOf(scale.hundred);
  const stack = await benchStack();
  try {
    const agents = agent("sleep", SLEEP, AGENTS_A_PROJECT);
    await stack.apply(hostFile({ pool: somePool().pool, names, agents }));
    await expectRunning(stack, names.length * AGENTS_A_PROJECT);
    const idle = await idleRows(stack, scale);
    const memory = await memoryRows(stack, names);
    const known = await knownRow(stack, scale);
    return [...idle, ...memory, known];
  } finally {
    await stack.close();
  }
}

interface Tally {
  readonly at: number;
  readonly cpuMs: number;
  readonly passes: number;
  readonly quickPasses: number;
  readonly seconds: number;
  readonly projectPasses: number;
  readonly lists: number;
  readonly inspects: number;
  readonly requests: number;
}

async function tally(stack: Stack): Promise<Tally> {
  const requests = (labels: string) =>
    metric(stack, "berth_docker_request_duration_seconds_count", labels);
  return {
    at: performance.now(),
    cpuMs: cpuMsOf(stack.daemonPid()),
    passes: await metric(stack, `${RECONCILE}_count`, PASSES),
    quickPasses: await metric(stack, `${RECONCILE}_bucket`, `le="${PASS_MS / 1000}",${PASSES}`),
    seconds: await metric(stack, `${RECONCILE}_sum`, PASSES),
    projectPasses: await metric(stack, `${RECONCILE}_count`, 'pass="project"'),
    lists: await requests('operation="list '),
    inspects: await requests('operation="inspect '),
    requests: await requests(""),
  };
}

/** After a relist with nothing to do, so that the last events of the start are behind us. */
async function settled(stack: Stack): Promise<void> {
  const passes = () => metric(stack, `${RECONCILE}_count`, PASSES);
  const before = await passes();
  await eventually("a relist", async () => ((await passes()) > before ? true : undefined), 40_000);
}

async function idleRows(stack: Stack, scale: Scale): Promise<readonly Row[]> {
  await settled(stack);
  const before = await tally(stack);
  await new Promise((resolve) => setTimeout(resolve, scale.idleMs));
  const after = await tally(stack);
  const of = (key: keyof Tally): number => after[key] - before[key];
  const passes = of("passes");
  const [lists, inspects] = [of("lists") / passes, of("inspects") / passes];
  const slow = passes - of("quickPasses");
  const cpu = (100 * of("cpuMs")) / of("at");
  const mean = (1000 * of("seconds")) / passes;
  const none = { samples: [], against: [] };
  return [
    {
      ...none,
      bench: "idle-calls",
      what: `engine calls of an idle pass over ${scale.hundred} projects (${passes} passes)`,
      unit: "lists",
      ours: lists,
      goal: `≤ ${LIST_CALLS} lists, 0 inspects (is ${shown(inspects)}), nothing else (is ${of("requests") - of("lists") - of("inspects")})`,
      met: lists <= LIST_CALLS && of("requests") === of("lists"),
      note: `${of("projectPasses")} project passes meanwhile`,
    },
    {
      ...none,
      bench: "idle-pass",
      what: "duration of such a pass, mean; the goal is for p95",
      unit: "ms",
      ours: mean,
      goal: `p95 ≤ ${PASS_MS} ms (${slow} of ${passes} longer)`,
      met: slow <= passes * 0.05,
    },
    {
      ...none,
      bench: "idle-cpu",
      what: "CPU of the daemon meanwhile, of one core",
      unit: "%",
      ours: cpu,
      goal: `< ${CPU_PERCENT} %`,
      met: cpu < CPU_PERCENT,
    },
  ];
}

async function memoryRows(stack: Stack, names: readonly string[]): Promise<readonly Row[]> {
  const { docker } = bareEngine();
  const runners: number[] = [];
  for (const name of names) {
    const { State: state } = await docker.getContainer(`berth-${stack.install}-${name}`).inspect();
    for (const pid of childrenOf(state.Pid)) {
      // With its launcher.
      const own = [pid, ...childrenOf(pid)].map((each) => memoryOf(each).privately);
      runners.push(own.reduce((sum, mib) => sum + mib, 0));
    }
  }
  const { resident, privately } = memoryOf(stack.daemonPid());
  return [
    {
      bench: "daemon-memory",
      what: `resident memory of the daemon at ${names.length} projects and ${names.length * AGENTS_A_PROJECT} agents`,
      unit: "MiB",
      ours: resident,
      samples: [resident],
      against: [{ name: "of which private", value: privately, samples: [privately] }],
      goal: `≤ ${DAEMON_MIB} MiB`,
      met: resident <= DAEMON_MIB,
    },
    {
      bench: "runner-memory",
      what: "private memory of a runner, p95 of all",
      unit: "MiB",
      ours: percentile(runners, 95),
      samples: runners,
      against: [{ name: "median", value: median(runners), samples: runners }],
      goal: `≤ ${RUNNER_MIB} MiB`,
      met: percentile(runners, 95) <= RUNNER_MIB,
    },
  ];
}

async function knownRow(stack: Stack, scale: Scale): Promise<Row> {
  const agents = scale.hundred * AGENTS_A_PROJECT;
  const samples: number[] = [];
  for (let round = 0; round < Math.max(scale.rounds, 3); round += 1) {
    const taken = await msOf(async () => {
      await stack.killDaemon("SIGKILL");
      stack.launchDaemon();
      await eventually("every agent is known again", async () =>
        runningAgents(await projectsOf(stack)) === agents ? true : undefined,
      );
    });
    samples.push(taken);
    await settled(stack);
  }
  return {
    bench: "known",
    what: `daemon killed and started again, until all ${agents} agents are known`,
    unit: "ms",
    ours: median(samples),
    samples,
    against: [],
    goal: `≤ ${KNOWN_MS} ms`,
    met: median(samples) <= KNOWN_MS,
  };
}
