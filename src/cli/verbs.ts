/** All verbs: one line each for the help; a verb's own code is loaded only when it is typed. */
import type { VerbEntry } from "./verb.ts";

const lifecycle = () => import("./verbs/lifecycle.ts");

export const VERBS: readonly VerbEntry[] = [
  {
    name: "init",
    group: "Declare",
    summary: "Write a first declaration to start from",
    load: async () => (await import("./verbs/init.ts")).init,
  },
  {
    name: "validate",
    group: "Declare",
    summary: "Check declarations without a daemon",
    load: async () => (await import("./verbs/validate.ts")).validate,
  },
  {
    name: "plan",
    group: "Declare",
    summary: "Show what apply would do",
    load: async () => (await import("./verbs/plan.ts")).plan,
  },
  {
    name: "apply",
    group: "Declare",
    summary: "Make the declaration so",
    load: async () => (await import("./verbs/apply.ts")).apply,
  },
  {
    name: "config",
    group: "Declare",
    summary: "Show the effective declaration and where each value comes from",
    load: async () => (await import("./verbs/config.ts")).config,
  },
  {
    name: "history",
    group: "Declare",
    summary: "List accepted declarations",
    load: async () => (await import("./verbs/history.ts")).history,
  },
  {
    name: "rollback",
    group: "Declare",
    summary: "Return to an earlier declaration",
    load: async () => (await import("./verbs/rollback.ts")).rollback,
  },
  {
    name: "run",
    group: "Work",
    summary: "Queue a task, print its output, exit with its code",
    load: async () => (await import("./verbs/run.ts")).run,
  },
  {
    name: "task",
    group: "Work",
    summary: "List, show, cancel, retry and prioritise tasks",
    load: async () => (await import("./verbs/task.ts")).task,
  },
  {
    name: "queue",
    group: "Work",
    summary: "Show what waits, for what, and for how long",
    load: async () => (await import("./verbs/queue.ts")).queue,
  },
  {
    name: "explain",
    group: "Work",
    summary: "Tell why a project, agent or task is where it is",
    load: async () => (await import("./verbs/explain.ts")).explain,
  },
  {
    name: "why",
    group: "Work",
    summary: "Tell why a task or run ended as it did",
    load: async () => (await import("./verbs/why.ts")).why,
  },
  {
    name: "simulate",
    group: "Work",
    summary: "Try an allocation strategy on a trace",
    load: async () => (await import("./verbs/simulate.ts")).simulateTrace,
  },
  {
    name: "ps",
    group: "Look",
    summary: "List projects with health and usage",
    load: async () => (await import("./verbs/ps.ts")).ps,
  },
  {
    name: "top",
    group: "Look",
    summary: "Watch projects, workers and the queue live",
    load: async () => (await import("./verbs/top.ts")).top,
  },
  {
    name: "describe",
    group: "Look",
    summary: "Tell everything about one project",
    load: async () => (await import("./verbs/describe.ts")).describe,
  },
  {
    name: "logs",
    group: "Look",
    summary: "Print and follow output of agents",
    load: async () => (await import("./verbs/logs.ts")).logs,
  },
  {
    name: "events",
    group: "Look",
    summary: "List and follow what happened",
    load: async () => (await import("./verbs/events.ts")).events,
  },
  {
    name: "exec",
    group: "Look",
    summary: "Run a command inside a project",
    load: async () => (await import("./verbs/exec.ts")).exec,
  },
  {
    name: "start",
    group: "Steer",
    summary: "Run a project or an agent",
    load: async () => (await lifecycle()).start,
  },
  {
    name: "stop",
    group: "Steer",
    summary: "Stop a project or an agent",
    load: async () => (await lifecycle()).stop,
  },
  {
    name: "restart",
    group: "Steer",
    summary: "Restart a project or an agent",
    load: async () => (await lifecycle()).restart,
  },
  {
    name: "pause",
    group: "Steer",
    summary: "Freeze a project in memory, or stop it",
    load: async () => (await lifecycle()).pause,
  },
  {
    name: "resume",
    group: "Steer",
    summary: "Return from a pause",
    load: async () => (await lifecycle()).resume,
  },
  {
    name: "complete",
    group: "Steer",
    summary: "End a project and keep its workspace",
    load: async () => (await lifecycle()).complete,
  },
  {
    name: "scale",
    group: "Steer",
    summary: "Change how many replicas of an agent run",
    load: async () => (await import("./verbs/scale.ts")).scale,
  },
  {
    name: "down",
    group: "Clear",
    summary: "Deactivate every declared project",
    load: async () => (await import("./verbs/down.ts")).down,
  },
  {
    name: "remove",
    group: "Clear",
    summary: "Remove a project and say what was freed",
    load: async () => (await import("./verbs/remove.ts")).remove,
  },
  {
    name: "gc",
    group: "Clear",
    summary: "Remove what is ours and no longer needed",
    load: async () => (await import("./verbs/gc.ts")).gc,
  },
  {
    name: "doctor",
    group: "Host",
    summary: "Check the host and say how to mend it",
    load: async () => (await import("./verbs/doctor.ts")).doctor,
  },
  {
    name: "version",
    group: "Host",
    summary: "Versions of this program and of the daemon",
    load: async () => (await import("./verbs/version.ts")).version,
  },
  {
    name: "daemon",
    group: "Host",
    summary: "Run the daemon in the foreground",
    load: async () => (await import("./verbs/daemon.ts")).daemon,
  },
];
