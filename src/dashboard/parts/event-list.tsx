/** Events, newest first: when, of which project, what, and who caused it. */
import type { ApiEvent } from "../../schema/api-record.ts";
import { clockText, timeText } from "../format.ts";
import { plainText } from "../plain-text.ts";
import { projectLink } from "../places.ts";

export interface EventListProps {
  readonly of: readonly ApiEvent[];
  /** Whether the project is named. */
  readonly project: boolean;
}

export function EventList({ of, project }: EventListProps) {
  return (
    <ol class="events">
      {of.map((event) => (
        <li key={event.id}>
          <time
            dateTime={new Date(event.at).toISOString()}
            title={timeText(event.at)}
            class="muted"
          >
            {clockText(event.at)}
          </time>
          {project &&
            (event.project === null ? (
              <span class="muted project">host</span>
            ) : (
              <a class="project" href={projectLink(event.project)}>
                {event.project}
              </a>
            ))}
          <span class="kind code">{event.kind}</span>
          <span class="message">{plainText(event.message)}</span>
          <span class="muted cause">{event.cause}</span>
        </li>
      ))}
    </ol>
  );
}
