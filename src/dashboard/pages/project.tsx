/** One project: its state and what may be done about it, and its parts. */
import { names, projectOf } from "../live-state.ts";
import { Badge, HealthBadge } from "../parts/badge.tsx";
import { Empty } from "../parts/loaded.tsx";
import { plainText } from "../plain-text.ts";
import { PROJECT_PARTS, type ProjectPart, projectLink } from "../places.ts";
import { ProjectActions } from "./project-actions.tsx";
import { ProjectDeclaration } from "./project-declaration.tsx";
import { ProjectNow } from "./project-now.tsx";
import { ProjectOutput } from "./project-output.tsx";
import { ProjectPlan } from "./project-plan.tsx";
import { ProjectTasks } from "./project-tasks.tsx";
import { ProjectTimeline } from "./project-timeline.tsx";

export interface ProjectProps {
  readonly name: string;
  readonly part: ProjectPart;
}

const LABEL: Readonly<Record<ProjectPart, string>> = {
  now: "Now",
  tasks: "Tasks",
  output: "Output",
  declaration: "Declaration",
  plan: "Plan",
  timeline: "Timeline",
};

export function Project({ name, part }: ProjectProps) {
  const total = names.value;
  if (total !== null && !total.includes(name))
    return (
      <section class="panel">
        <h1>{name}</h1>
        <Empty>
          There is no project of this name. <a href="#/">All projects</a>
        </Empty>
      </section>
    );
  return (
    <>
      <ProjectHead name={name} />
      <nav class="tabs" aria-label={`Parts of ${name}`}>
        {PROJECT_PARTS.map((each) => (
          <a
            key={each}
            href={projectLink(name, each)}
            aria-current={each === part ? "page" : undefined}
          >
            {LABEL[each]}
          </a>
        ))}
      </nav>
      <Part name={name} part={part} />
    </>
  );
}

function ProjectHead({ name }: { readonly name: string }) {
  const view = projectOf(name)?.value.view;
  return (
    <section class="head">
      <p class="crumb">
        <a href="#/">Projects</a>
      </p>
      <div class="title">
        <h1>{name}</h1>
        {view !== undefined && (
          <>
            <HealthBadge health={view.health} />
            <Badge tone="idle">{view.phase}</Badge>
          </>
        )}
        {view !== undefined && <ProjectActions view={view} />}
      </div>
      {view?.reasons.map((reason) => (
        <p key={reason} class="why">
          {plainText(reason)}
        </p>
      ))}
    </section>
  );
}

function Part({ name, part }: ProjectProps) {
  switch (part) {
    case "now":
      return <ProjectNow name={name} />;
    case "tasks":
      return <ProjectTasks name={name} />;
    case "output":
      return <ProjectOutput name={name} />;
    case "declaration":
      return <ProjectDeclaration name={name} />;
    case "plan":
      return <ProjectPlan name={name} />;
    case "timeline":
      return <ProjectTimeline name={name} />;
  }
}
