/** The bar at the top, on a phone also at the bottom: the pages, and whether what is shown is live. */
import { ageText } from "../format.ts";
import { link, now, queue, ready } from "../live-state.ts";
import { place } from "../route.ts";

const PAGES = [
  { page: "overview", href: "#/", label: "Overview" },
  { page: "queue", href: "#/queue", label: "Queue" },
  { page: "events", href: "#/events", label: "Events" },
  { page: "settings", href: "#/settings", label: "Settings" },
] as const;

/** Pages below another one light up that one. */
const BELOW: Readonly<Record<string, string>> = { project: "overview", task: "queue" };

export function TopBar() {
  const here = place.value.page;
  const lit = BELOW[here] ?? here;
  return (
    <header class="top">
      <a class="brand" href="#/">
        Berth
        <span class="muted install">{ready.value?.install ?? ""}</span>
      </a>
      <nav class="pages" aria-label="Pages">
        {PAGES.map(({ page, href, label }) => (
          <a key={page} href={href} aria-current={lit === page ? "page" : undefined}>
            {label}
            {page === "queue" && <Waiting />}
          </a>
        ))}
      </nav>
      <LinkState />
    </header>
  );
}

function Waiting() {
  const waiting = queue.value?.waiting ?? 0;
  if (waiting === 0) return null;
  return (
    <span class="count" title={`${waiting} waiting`}>
      {waiting > 999 ? "999+" : waiting}
    </span>
  );
}

function LinkState() {
  const { kind, since } = link.value;
  if (kind === "live")
    return (
      <span class="link good">
        <span class="dot" aria-hidden="true" />
        Live
      </span>
    );
  if (kind === "joining") return <span class="link muted">Connecting…</span>;
  return (
    <span class="link bad" role="status">
      <span class="dot" aria-hidden="true" />
      Cut off for {ageText(now.value - since)}
    </span>
  );
}
