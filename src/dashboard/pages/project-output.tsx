/** What the agents of a project print, live. */
import { useSignal } from "@preact/signals";
import { projectOf, workersOf } from "../live-state.ts";
import { LogView } from "../parts/log-view.tsx";
import { Panel } from "../parts/panel.tsx";

export function ProjectOutput({ name }: { readonly name: string }) {
  const agent = useSignal("");
  const services = projectOf(name)?.value.view.agents.map((each) => each.agent) ?? [];
  const agents = [...new Set([...services, ...workersOf(name)])].toSorted();
  return (
    <Panel
      title="Output"
      aside={
        <label class="tools">
          <span class="muted">Agent</span>
          <select value={agent} onChange={(event) => (agent.value = event.currentTarget.value)}>
            <option value="">all</option>
            {agents.map((each) => (
              <option key={each} value={each}>
                {each}
              </option>
            ))}
          </select>
        </label>
      }
    >
      <LogView
        key={agent.value}
        of={agent.value === "" ? { project: [name] } : { project: [name], agent: agent.value }}
        who={true}
      />
    </Panel>
  );
}
