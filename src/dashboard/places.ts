/** The places of the page and how the address names them. */

export type Place =
  | Readonly<{ page: "overview" | "queue" | "events" | "settings" | "nowhere" }>
  | Readonly<{ page: "project"; name: string; part: ProjectPart }>
  | Readonly<{ page: "task"; id: string }>;

export const PROJECT_PARTS = ["now", "tasks", "output", "declaration", "plan", "timeline"] as const;
export type ProjectPart = (typeof PROJECT_PARTS)[number];

/** Reads `#/projects/web/output`. */
export function placeOf(fragment: string): Place {
  // anything else in the fragment, a token above all, is no place
  if (!fragment.startsWith("#/")) return { page: "overview" };
  const [first = "", second = "", third = ""] = fragment.slice(2).split("/").map(decoded);
  if (first === "") return { page: "overview" };
  if (first === "queue" || first === "events" || first === "settings") return { page: first };
  if (first === "projects" && second !== "")
    return { page: "project", name: second, part: partOf(third) };
  if (first === "tasks" && second !== "") return { page: "task", id: second };
  return { page: "nowhere" };
}

function partOf(text: string): ProjectPart {
  return PROJECT_PARTS.find((part) => part === text) ?? "now";
}

export function projectLink(name: string, part: ProjectPart = "now"): string {
  return `#/projects/${encodeURIComponent(name)}${part === "now" ? "" : `/${part}`}`;
}

export function taskLink(id: string): string {
  return `#/tasks/${encodeURIComponent(id)}`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
