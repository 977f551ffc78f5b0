/** Asks how many replicas of an agent shall run. */
import { signal } from "@preact/signals";
import { act, asked } from "../act.ts";
import { daemon } from "../daemon.ts";
import { projectOf } from "../live-state.ts";

const REPLICAS_MAX = 1_000;

export async function scaleAgent(project: string, agent: string): Promise<void> {
  const now = projectOf(project)
    ?.peek()
    .view.agents.filter((each) => each.agent === agent).length;
  const wanted = signal(String(now ?? 1));
  const yes = await asked({
    title: `Scale ${project}/${agent}`,
    body: (
      <label class="field">
        <span>Replicas, until the declaration changes them</span>
        <input
          type="number"
          min={0}
          max={REPLICAS_MAX}
          value={wanted}
          onInput={(event) => (wanted.value = event.currentTarget.value)}
        />
      </label>
    ),
    go: "Scale",
    danger: false,
    allowed: () => countOf(wanted.value) !== null,
  });
  const replicas = countOf(wanted.value);
  if (!yes || replicas === null) return;
  await act(`${project}/${agent} is scaled to ${replicas}`, () =>
    daemon.steer({ project, agent, verb: "scale", body: { replicas } }),
  );
}

function countOf(text: string): number | null {
  const count = Number(text);
  return text.trim() !== "" && Number.isInteger(count) && count >= 0 && count <= REPLICAS_MAX
    ? count
    : null;
}
