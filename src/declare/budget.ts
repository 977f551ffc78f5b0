/** Whether each project by itself fits on the host; a sum that does not is no mistake, its projects take turns. */
import { formatBytes } from "../base/bytes.ts";
import type { Declaration, HostSpec } from "../model/project.ts";
import type { Origins } from "./origins.ts";
import { sortProblems } from "./problem.ts";
import type { Problem } from "./problem.ts";
import { problemAt } from "./source.ts";

export interface HostFacts {
  readonly cpus: number;
  readonly memoryBytes: number;
}

export interface Budget {
  readonly cpus: number;
  readonly memoryBytes: number;
}

/** What projects may share: the host minus its reserve, memory times the overcommit. */
export function budgetOf(host: HostSpec, facts: HostFacts): Budget {
  return {
    cpus: Math.max(0, facts.cpus - host.reserve.cpus),
    memoryBytes: Math.max(
      0,
      Math.floor((facts.memoryBytes - host.reserve.memoryBytes) * host.overcommit),
    ),
  };
}

/** A problem for every limit of a project that alone exceeds the whole budget. */
export function checkBudget(
  declaration: Declaration,
  facts: HostFacts,
  origins: Origins,
): readonly Problem[] {
  const budget = budgetOf(declaration.host, facts);
  const problems: Problem[] = [];
  const complain = (project: string, key: string, needs: string): void => {
    const span = origins.spanOf(project, ["limits", key]);
    const hint = "lower the limit, or host.reserve, or run it on a larger machine";
    if (span !== null)
      problems.push(
        problemAt(span, { code: "declare.over-budget", message: `limits.${key} ${needs}`, hint }),
      );
  };
  for (const { name, limits } of Object.values(declaration.projects)) {
    if (limits.cpus > budget.cpus) {
      complain(
        name,
        "cpus",
        `of ${name} is ${limits.cpus}, more than the ${budget.cpus} this host has for all projects`,
      );
    }
    if (limits.memoryBytes > budget.memoryBytes) {
      const all = formatBytes(budget.memoryBytes - (budget.memoryBytes % MIB));
      complain(
        name,
        "memory",
        `of ${name} is ${formatBytes(limits.memoryBytes)}, more than the ${all} this host has for all projects`,
      );
    }
  }
  return sortProblems(problems);
}

const MIB = 1_048_576;
