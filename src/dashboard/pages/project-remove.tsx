/** Removing a project: says what goes, and asks apart for the data. */
import { signal } from "@preact/signals";
import type { ApiProject } from "../../schema/api-project.ts";
import { asked, tell, tellFault } from "../act.ts";
import { daemon } from "../daemon.ts";

/** Asks, removes, and tells what was freed and what stays. */
export async function removeProject(view: ApiProject): Promise<void> {
  const volumes = signal(false);
  const typed = signal("");
  const yes = await asked({
    title: `Remove ${view.name}?`,
    body: <Body name={view.name} volumes={volumes} typed={typed} />,
    go: `Remove ${view.name}`,
    danger: true,
    allowed: () => !volumes.value || typed.value === view.name,
  });
  if (!yes) return;
  tell("good", `${view.name} is being removed`);
  try {
    const { freed, kept } = await daemon.remove(view.name, volumes.value);
    const stays = kept.length === 0 ? null : `kept: ${kept.join(", ")}`;
    tell("good", `${view.name} is removed, freed: ${freed.join(", ")}`, stays);
    location.hash = "#/";
  } catch (thrown) {
    tellFault(thrown);
  }
}

interface BodyProps {
  readonly name: string;
  readonly volumes: ReturnType<typeof signal<boolean>>;
  readonly typed: ReturnType<typeof signal<string>>;
}

function Body({ name, volumes, typed }: BodyProps) {
  return (
    <>
      <p>
        Its container and its network are removed and its agents ended; its tasks that wait or run
        are cancelled. The declaration in your files is not touched: the next{" "}
        <code>berth apply</code> brings it back.
      </p>
      <label class="check">
        <input
          type="checkbox"
          checked={volumes.value === true}
          onChange={(event) => (volumes.value = event.currentTarget.checked)}
        />
        <span>Destroy its workspace volumes too. What is in them is lost.</span>
      </label>
      {volumes.value === true && (
        <label class="field">
          <span>
            Type <strong>{name}</strong> to destroy its data
          </span>
          <input
            type="text"
            autocomplete="off"
            value={typed.value ?? ""}
            onInput={(event) => (typed.value = event.currentTarget.value)}
          />
        </label>
      )}
    </>
  );
}
