/** A plan as people read it: what changes, why, what it interrupts. */
import { counted } from "../base/count.ts";
import type { Plan } from "../client/client.ts";
import { clip } from "./clip.ts";
import { fieldLines } from "./plan-fields.ts";
import type { Style } from "./style.ts";

type ProjectPlan = Plan["projects"][number];

/** Lines of a plan; one line when there is nothing to do. */
export function planText(plan: Plan, style: Style): string {
  const changed = plan.projects.filter(
    (project) => project.change !== "none" || project.steps.length > 0,
  );
  const blocks = changed.map((project) => projectText(project, style));
  const left = unnamedLeft(plan);
  if (left.length > 0)
    blocks.push(
      style.yellow(
        `no longer declared, left as they are: ${left.join(", ")} (apply --prune deactivates them)`,
      ),
    );
  const waiting = plan.projects.filter((project) => project.waiting.length > 0);
  for (const project of waiting.filter((one) => !changed.includes(one)))
    blocks.push(`${project.project}: ${project.waiting.join("; ")}`);
  blocks.push(plan.changes ? summaryOf(plan, style) : "nothing to do");
  return blocks.join("\n");
}

/** Without those that the plan deactivates: it was made with `--prune`. */
function unnamedLeft({ unnamed, projects }: Plan): readonly string[] {
  const going = new Set(
    projects.filter(({ change }) => change === "deactivate").map(({ project }) => project),
  );
  return unnamed.filter((name) => !going.has(name));
}

/** Agents that applying the plan interrupts, and whether anything kept is lost. */
export function dangerOf(
  plan: Plan,
): Readonly<{ interrupted: readonly string[]; losesData: boolean }> {
  const steps = plan.projects.flatMap((project) => project.steps);
  const interrupted = steps.flatMap((step) =>
    step.interrupts.map((agent) => `${step.project}/${agent}`),
  );
  return {
    interrupted: [...new Set(interrupted)].toSorted(),
    losesData: steps.some((step) => step.impact === "data"),
  };
}

const SIGN: Readonly<Record<ProjectPlan["change"], string>> = {
  create: "+",
  update: "~",
  none: " ",
  deactivate: "-",
  repair: "!",
};

function projectText(project: ProjectPlan, style: Style): string {
  const paint = {
    create: style.green,
    update: style.yellow,
    none: style.dim,
    deactivate: style.red,
    repair: style.yellow,
  };
  const head = `${paint[project.change](`${SIGN[project.change]} ${project.project}`)} ${project.change}`;
  const fields = fieldLines(project, style).map((line) => `    ${line}`);
  const steps = project.steps.map((step) => `  ${stepText(step, style)}`);
  const waiting = project.waiting.map((reason) => `    ${style.yellow(reason)}`);
  return [head, ...fields, ...steps, ...waiting].join("\n");
}

function stepText(step: ProjectPlan["steps"][number], style: Style): string {
  const after =
    step.after.length === 0
      ? ""
      : style.dim(` after ${step.after.map((id) => `#${id}`).join(" ")}`);
  const changes = step.changes
    .filter(({ from, to }) => !(isHash(from) && isHash(to)))
    .map((change) => `${change.field}: ${clip(change.from)} → ${clip(change.to)}`)
    .join(", ");
  const impact =
    step.impact === "none" ? "" : ` ${impactPaint(step.impact, style)(`[${step.impact}]`)}`;
  const interrupts =
    step.interrupts.length === 0 ? "" : style.red(` interrupts ${step.interrupts.join(", ")}`);
  const cause = step.external ? `${step.cause} (external)` : step.cause;
  return `#${step.id} ${step.kind} ${step.resource}: ${cause}${changes === "" ? "" : `; ${changes}`}${impact}${interrupts}${after}`;
}

/** Values that only tell that something differs; the cause names it already. */
function isHash(value: string): boolean {
  return value === "none" || /^[0-9a-f]{8}$/.test(value);
}

function impactPaint(impact: "live" | "restart" | "data", style: Style): (text: string) => string {
  return impact === "live" ? style.green : impact === "restart" ? style.yellow : style.red;
}

function summaryOf(plan: Plan, style: Style): string {
  const steps = plan.projects.reduce((sum, project) => sum + project.steps.length, 0);
  const touched = plan.projects.filter(
    (project) => project.change !== "none" || project.steps.length > 0,
  ).length;
  const { interrupted, losesData } = dangerOf(plan);
  const parts = [
    `${counted(touched, "project")}, ${counted(steps, "step")}`,
    ...(interrupted.length === 0 ? [] : [style.yellow(`interrupts ${interrupted.join(", ")}`)]),
    ...(losesData ? [style.red("destroys data")] : []),
  ];
  return parts.join("; ");
}
