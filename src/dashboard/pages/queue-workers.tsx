/** How the pool is shared: each worker agent with what it runs, what waits for it, and its breaker. */
import type { ApiQueue } from "../../schema/api-task.ts";
import { Badge } from "../parts/badge.tsx";
import { Empty } from "../parts/loaded.tsx";
import { projectLink } from "../places.ts";
import { Scroll } from "../parts/scroll.tsx";

export function QueueWorkers({ workers }: { readonly workers: ApiQueue["workers"] }) {
  if (workers.length === 0)
    return (
      <Empty>
        No agent takes tasks: declare one with <code>on: task</code>.
      </Empty>
    );
  return (
    <Scroll>
      <table>
        <thead>
          <tr>
            <th>Worker</th>
            <th class="number">Running</th>
            <th class="number">Waiting</th>
            <th class="number">May run now</th>
            <th class="number">Min to max</th>
            <th>Breaker</th>
          </tr>
        </thead>
        <tbody>
          {workers.map((worker) => (
            <tr key={`${worker.project}/${worker.agent}`}>
              <td>
                <a href={projectLink(worker.project, "tasks")}>
                  {worker.project}/{worker.agent}
                </a>
              </td>
              <td class="number">{worker.running}</td>
              <td class="number">{worker.waiting}</td>
              <td class="number">{worker.target}</td>
              <td class="number">
                {worker.min} to {worker.max}
              </td>
              <td>
                <Badge
                  tone={
                    worker.breaker === "closed"
                      ? "good"
                      : worker.breaker === "open"
                        ? "bad"
                        : "warn"
                  }
                >
                  {worker.breaker}
                </Badge>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
