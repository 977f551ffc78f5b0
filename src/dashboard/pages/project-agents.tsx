/** The agents of a project: what each process does, how often it was restarted, and how it ended last. */
import type { ApiProject } from "../../schema/api-project.ts";
import { act } from "../act.ts";
import { daemon } from "../daemon.ts";
import { sizeText } from "../format.ts";
import { Age } from "../parts/age.tsx";
import { AgentBadge } from "../parts/badge.tsx";
import { Empty } from "../parts/loaded.tsx";
import { Panel } from "../parts/panel.tsx";
import { plainText } from "../plain-text.ts";
import { may } from "../rights.ts";
import { scaleAgent } from "./project-scale.tsx";
import { Scroll } from "../parts/scroll.tsx";

type Agent = ApiProject["agents"][number];

export function ProjectAgents({ view }: { readonly view: ApiProject }) {
  return (
    <Panel title="Agents">
      {view.agents.length === 0 ? (
        <Empty>No process runs now.</Empty>
      ) : (
        <Scroll>
          <table>
            <thead>
              <tr>
                <th>Agent</th>
                <th>State</th>
                <th class="number">Restarts</th>
                <th>Up</th>
                <th class="number">Memory</th>
                <th>Last end</th>
                <th>
                  <span class="visually-hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {view.agents.map((agent) => (
                <AgentRow
                  key={`${agent.agent}#${agent.replica}`}
                  agent={agent}
                  project={view.name}
                />
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </Panel>
  );
}

function AgentRow({ agent, project }: { readonly agent: Agent; readonly project: string }) {
  return (
    <tr>
      <td>
        {agent.agent}
        <span class="muted">#{agent.replica}</span>
      </td>
      <td>
        <AgentBadge state={agent.state} />
        {agent.reason !== null && <span class="muted reason">{plainText(agent.reason)}</span>}
      </td>
      <td class="number">{agent.restarts}</td>
      <td>{agent.startedAt === null ? "–" : <Age at={agent.startedAt} />}</td>
      <td class="number">{sizeText(agent.rssBytes)}</td>
      <td>
        <LastEnd of={agent.lastExit} />
      </td>
      <td class="end">
        <AgentButtons agent={agent} project={project} />
      </td>
    </tr>
  );
}

function AgentButtons({ agent, project }: { readonly agent: Agent; readonly project: string }) {
  const { agent: name } = agent;
  const steer = (verb: "restart", done: string) => () =>
    void act(`${project}/${name} ${done}`, () =>
      daemon.steer({ project, agent: name, verb, body: {} }),
    );
  // one set of buttons for all replicas of an agent
  if (agent.replica !== 0 || !may("admin")) return null;
  return (
    <span class="buttons end">
      <button
        type="button"
        class="small"
        aria-label={`Restart ${name}`}
        onClick={steer("restart", "is restarting")}
      >
        Restart
      </button>
      <button
        type="button"
        class="small"
        aria-label={`Scale ${name}`}
        onClick={() => void scaleAgent(project, name)}
      >
        Scale
      </button>
    </span>
  );
}

function LastEnd({ of }: { readonly of: Agent["lastExit"] }) {
  if (of === null) return <span class="muted">–</span>;
  const how = of.oom ? "out of memory" : (of.signal ?? `exit ${of.code ?? "unknown"}`);
  return (
    <>
      {how}{" "}
      <span class="muted">
        <Age at={of.at} suffix=" ago" />
      </span>
    </>
  );
}
