/** What the daemon has yet to do for a project: the plan from how it is to what was accepted. */
import type { Plan } from "../../client/client.ts";
import { daemon } from "../daemon.ts";
import { host, projectOf } from "../live-state.ts";
import { Empty, Loaded } from "../parts/loaded.tsx";
import { Panel } from "../parts/panel.tsx";
import { PlanSteps } from "../parts/plan-steps.tsx";
import { useResource } from "../resource.ts";

export function ProjectPlan({ name }: { readonly name: string }) {
  const view = projectOf(name)?.value.view;
  const found = useResource({
    subject: name,
    version: `${view?.phase} ${view?.health} ${view?.generation} ${view?.containerId}`,
    read: () => pendingPlan(name),
  }).value;
  return (
    <Panel title="Pending change">
      <Loaded of={found}>
        {(project) =>
          project === null ? (
            <Empty>Nothing is declared for it.</Empty>
          ) : (
            <>
              {project.waiting.map((reason) => (
                <p key={reason} class="why">
                  waits: {reason}
                </p>
              ))}
              {project.steps.length === 0 ? (
                <Empty>Nothing to do: the project is as it was accepted.</Empty>
              ) : (
                <PlanSteps of={project} />
              )}
            </>
          )
        }
      </Loaded>
    </Panel>
  );
}

/** The accepted declaration is planned again on the world as it is now; this changes nothing. */
async function pendingPlan(name: string): Promise<Plan["projects"][number] | null> {
  const generation = host.peek()?.generation ?? (await daemon.host()).generation;
  if (generation === 0) return null;
  const { bundle } = await daemon.generation(generation);
  const { projects } = await daemon.plan({ bundle, prune: false });
  return projects.find(({ project }) => project === name) ?? null;
}
