/** What the daemon has yet to do for a project: the plan from how it is to what was accepted. */
import { daemon } from "../daemon.ts";
import { projectOf } from "../live-state.ts";
import { Empty, Loaded } from "../parts/loaded.tsx";
import { Panel } from "../parts/panel.tsx";
import { PlanSteps } from "../parts/plan-steps.tsx";
import { useResource } from "../resource.ts";

export function ProjectPlan({ name }: { readonly name: string }) {
  const view = projectOf(name)?.value.view;
  const found = useResource({
    subject: name,
    version: `${view?.phase} ${view?.health} ${view?.generation} ${view?.containerId}`,
    read: () => daemon.pending(name),
  }).value;
  return (
    <Panel title="Pending change">
      <Loaded of={found}>
        {(project) => (
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
        )}
      </Loaded>
    </Panel>
  );
}
