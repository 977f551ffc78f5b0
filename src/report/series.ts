/** How metrics are made: in one registry, and counters that can forget a project. */
import { Counter, Gauge, Histogram, type Registry } from "prom-client";

export type Labels = Readonly<Record<string, string>>;

export interface Makers {
  readonly gauge: (name: string, help: string, labelNames?: readonly string[]) => Gauge;
  readonly counter: (name: string, help: string, labelNames?: readonly string[]) => Counter;
  readonly histogram: (
    request: Readonly<{
      name: string;
      help: string;
      labelNames: readonly string[];
      buckets: readonly number[];
    }>,
  ) => Histogram;
}

export function makersOf(registry: Registry): Makers {
  const registers = [registry];
  return {
    gauge: (name, help, labelNames = []) =>
      new Gauge({ name, help, labelNames: [...labelNames], registers }),
    counter: (name, help, labelNames = []) =>
      new Counter({ name, help, labelNames: [...labelNames], registers }),
    histogram: ({ name, help, labelNames, buckets }) =>
      new Histogram({ name, help, labelNames: [...labelNames], buckets: [...buckets], registers }),
  };
}

/** A counter by project that can forget one. */
export interface Forgettable {
  inc(labels: Labels, by?: number): void;
  forget(project: string): void;
  /** Forgets every project that is not named. */
  keep(projects: ReadonlySet<string>): void;
}

/** prom-client keeps series for ever, so the labels used are remembered here. */
export function forgettable(counter: Counter): Forgettable {
  const used = new Map<string, Map<string, Labels>>();
  const forget = (project: string): void => {
    for (const labels of used.get(project)?.values() ?? []) counter.remove({ ...labels });
    used.delete(project);
  };
  return {
    inc(labels, by = 1) {
      const project = labels["project"] ?? "";
      const known = used.get(project) ?? new Map<string, Labels>();
      used.set(project, known);
      known.set(JSON.stringify(labels), labels);
      counter.inc({ ...labels }, by);
    },
    forget,
    keep(projects) {
      for (const project of used.keys()) if (!projects.has(project)) forget(project);
    },
  };
}
