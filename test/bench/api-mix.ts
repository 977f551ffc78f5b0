/** What callers of a busy API ask, in turn: the same mix each time, most of it reading. */
import type { Asked } from "./api.ts";

/** Requests by their place in the stream; of twenty, four write. */
export function mixOf(names: readonly string[]): (at: number) => Asked {
  const read = (path: string): Asked => ({ method: "GET", path });
  const kinds: readonly ((project: string, at: number) => Asked)[] = [
    (project) => read(`/projects/${project}`),
    (project) => read(`/tasks?project=${project}&limit=20`),
    (project, at) => ({
      method: "POST",
      path: "/tasks",
      body: { project, agent: "work", payload: { at } },
    }),
    () => read("/queue?limit=20"),
    (project) => read(`/projects/${project}`),
    () => read("/events?order=newest&limit=50"),
    (project) => read(`/runs?project=${project}&limit=20`),
    () => read("/projects"),
    (project, at) => ({
      method: "POST",
      path: "/tasks",
      body: { project, agent: "work", payload: { at }, priority: 900 },
    }),
    (project) => read(`/explain/${project}`),
  ];
  return (at) => {
    const project = names[at % names.length] ?? "";
    const kind = kinds[at % kinds.length];
    return kind === undefined ? read("/host") : kind(project, at);
  };
}
