/** Everything that happens, live, filtered by project, kind or words. */
import { useComputed, useSignal } from "@preact/signals";
import { countText } from "../format.ts";
import { events, names } from "../live-state.ts";
import { EventList } from "../parts/event-list.tsx";
import { Empty } from "../parts/loaded.tsx";

/** Drawn at once; the filter finds older ones among those that are kept. */
const SHOWN = 300;

export function Events() {
  const project = useSignal("");
  const search = useSignal("");
  const found = useComputed(() => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    return events.value.filter(
      (event) =>
        (project.value === "" || event.project === project.value) &&
        words.every((word) =>
          `${event.kind} ${event.cause} ${event.message}`.toLowerCase().includes(word),
        ),
    );
  }).value;
  return (
    <section class="panel" aria-label="Events">
      <header>
        <h1>Events</h1>
        <div class="tools">
          <input
            type="search"
            placeholder="Words or a kind"
            aria-label="Show only events that hold all of these words"
            value={search}
            onInput={(event) => (search.value = event.currentTarget.value)}
          />
          <select
            aria-label="Project"
            value={project}
            onChange={(event) => (project.value = event.currentTarget.value)}
          >
            <option value="">all projects</option>
            {(names.value ?? []).map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
          <span class="muted" role="status">
            {countText(found.length, "event")}
          </span>
        </div>
      </header>
      {found.length === 0 ? (
        <Empty>No such event among the newest.</Empty>
      ) : (
        <EventList of={found.slice(0, SHOWN)} project={true} />
      )}
      {found.length > SHOWN && (
        <Empty>
          The newest {SHOWN} are shown; <code>berth events</code> shows all that are kept.
        </Empty>
      )}
    </section>
  );
}
