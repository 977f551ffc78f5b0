/** The declarations that were accepted, and going back to one: its plan is shown before anything is done. */
import type { ApiGeneration } from "../../schema/api-record.ts";
import { act, asked, tellFault } from "../act.ts";
import { daemon } from "../daemon.ts";
import { host } from "../live-state.ts";
import { Age } from "../parts/age.tsx";
import { Empty, Loaded } from "../parts/loaded.tsx";
import { Panel } from "../parts/panel.tsx";
import { PlanSteps } from "../parts/plan-steps.tsx";
import { plainText } from "../plain-text.ts";
import { mayOnHost } from "../rights.ts";
import { useResource } from "../resource.ts";
import { Scroll } from "../parts/scroll.tsx";

const LISTED = 20;

export function Generations() {
  const current = host.value?.generation ?? 0;
  const found = useResource({
    subject: "generations",
    version: current,
    read: () => daemon.history(LISTED),
  }).value;
  return (
    <Panel title="Accepted declarations">
      <Loaded of={found}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty>None yet.</Empty>
          ) : (
            <Scroll>
              <table>
                <thead>
                  <tr>
                    <th class="number">Generation</th>
                    <th>Accepted</th>
                    <th>By</th>
                    <th>From</th>
                    <th>
                      <span class="visually-hidden">Actions</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {rows.map((row) => (
                    <GenerationRow
                      key={row.generation}
                      row={row}
                      current={row.generation === current}
                    />
                  ))}
                </tbody>
              </table>
            </Scroll>
          )
        }
      </Loaded>
    </Panel>
  );
}

interface RowProps {
  readonly row: ApiGeneration;
  readonly current: boolean;
}

function GenerationRow({ row, current }: RowProps) {
  const { generation, at, by, source, rollbackOf } = row;
  return (
    <tr>
      <td class="number">{generation}</td>
      <td>
        <Age at={at} suffix=" ago" />
      </td>
      <td>
        {plainText(by.claim ?? by.who)}
        {by.reason !== null && <span class="muted reason">{plainText(by.reason)}</span>}
      </td>
      <td class="code">
        {plainText(source)}
        {rollbackOf !== null && <span class="muted"> as generation {rollbackOf}</span>}
      </td>
      <td class="end">
        {current ? (
          <span class="muted">in force</span>
        ) : !mayOnHost("admin") ? null : (
          <button
            type="button"
            class="small"
            aria-label={`Go back to generation ${generation}`}
            onClick={() => void goBack(generation)}
          >
            Go back
          </button>
        )}
      </td>
    </tr>
  );
}

async function goBack(generation: number): Promise<void> {
  try {
    const plan = await daemon.rollbackPlan(generation);
    const changed = plan.projects.filter(({ steps, fields }) => steps.length + fields.length > 0);
    const yes = await asked({
      title: `Go back to generation ${generation}?`,
      body:
        changed.length === 0 ? (
          <p>Nothing that runs changes. The declaration becomes a new generation.</p>
        ) : (
          changed.map((part) => <PlanSteps key={part.project} of={part} />)
        ),
      go: `Go back to generation ${generation}`,
      danger: changed.some(({ steps }) => steps.some(({ interrupts }) => interrupts.length > 0)),
    });
    if (yes)
      await act(`Generation ${generation} is accepted again`, () => daemon.rollback(generation));
  } catch (thrown) {
    tellFault(thrown);
  }
}
