/** Grafana's dashboards: every panel's query, asked of a real Prometheus that scrapes a real daemon, returns numbers. */
import { globSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { load } from "js-yaml";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort, startPrometheus, type TestPrometheus } from "../../support/prometheus.ts";
import { host, sleeper } from "../../support/samples.ts";
import { type Stack, eventually, startStack } from "../../support/stack.ts";

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly description: string;
  readonly datasource: Readonly<{ uid: string }>;
  readonly gridPos: Readonly<{ x: number; y: number; w: number; h: number }>;
  readonly targets: readonly Readonly<{ expr: string; datasource: Readonly<{ uid: string }> }>[];
}
interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly templating: Readonly<{
    list: readonly Readonly<{ name: string; definition: string }>[];
  }>;
}

const dashboards = Object.fromEntries(
  globSync("compose/grafana/dashboards/*.json").map((file) => [
    basename(file, ".json"),
    JSON.parse(readFileSync(file, "utf8")) as Dashboard,
  ]),
);
const TOKEN = "a-token-of-this-test-and-no-other";
const PROJECTS = `${sleeper("web")}  jobs:
    agents:
      one:
        command: [/bin/sh, -c, 'case "$(cat)" in *fail*) exit 1;; *) sleep 0.2;; esac']
        on: task
        max: 1
`;

let stack: Stack;
let prometheus: TestPrometheus;
beforeAll(async () => {
  const address = `127.0.0.1:${await freePort()}`;
  stack = await startStack({ env: { BERTH_METRICS_LISTEN: address, BERTH_METRICS_TOKEN: TOKEN } });
  prometheus = await startPrometheus({ address, token: TOKEN });
  await stack.apply(host(PROJECTS));
  await eventually("both are scraped", async () =>
    (await prometheus.query('berth_tasks_total{project="jobs",outcome="failed"} == 0')).length > 0
      ? true
      : undefined,
  );
  await stack.berth("run", "jobs", "one", "--payload", '"well"');
  await stack.berth("run", "jobs", "one", "--payload", '"fail"');
  // Somebody else's hand, so that there is drift to show.
  await stack.docker("kill", `berth-${stack.install}-web`);
  await eventually("drift is scraped", async () =>
    (await prometheus.query('berth_drift_total{project="web"}')).length > 0 ? true : undefined,
  );
}, 180_000);
afterAll(async () => {
  await prometheus?.close();
  await stack?.close();
});

const asked = (expr: string, project: string): string =>
  expr.replaceAll("$project", project).replaceAll("$__rate_interval", "1m");

test("dashboards and the datasource have fixed and different uids", () => {
  const uids = Object.fromEntries(Object.entries(dashboards).map(([name, { uid }]) => [name, uid]));
  expect(uids).toEqual({
    daemon: "berth-daemon",
    host: "berth-host",
    project: "berth-project",
    queue: "berth-queue",
  });
  const provisioned = load(
    readFileSync("compose/grafana/provisioning/datasources/prometheus.yaml", "utf8"),
  ) as { datasources: { uid: string; url: string }[] };
  expect(provisioned.datasources).toMatchObject([
    { uid: "berth-prometheus", url: "http://prometheus:9090" },
  ]);
  const sources = Object.values(dashboards).flatMap(({ panels }) =>
    panels.flatMap(({ datasource, targets }) => [
      datasource.uid,
      ...targets.map((each) => each.datasource.uid),
    ]),
  );
  expect(new Set(sources)).toEqual(new Set(["berth-prometheus"]));
});

test("the project's dashboard chooses among the projects there are", async () => {
  const [variable] = dashboards["project"]?.templating.list ?? [];
  expect(variable).toMatchObject({
    name: "project",
    definition: "label_values(berth_project_state, project)",
  });
  const found = await prometheus.query("group by (project) (berth_project_state)");
  expect(
    found.map(({ metric }) => metric["project"]).toSorted((a = "", b = "") => (a < b ? -1 : 1)),
  ).toEqual(["jobs", "web"]);
});

describe.each(Object.entries(dashboards).map(([name, dashboard]) => ({ name, dashboard })))(
  "dashboard $name",
  ({ dashboard: { panels } }) => {
    test("its panels are told apart, explained, and do not overlap", () => {
      expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
      expect(panels.filter(({ description }) => description.length < 5)).toEqual([]);
      const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
        Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`),
      );
      expect(new Set(cells).size).toBe(cells.length);
      expect(Math.max(...panels.map(({ gridPos }) => gridPos.x + gridPos.w))).toBeLessThanOrEqual(
        24,
      );
    });

    test.each(panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ title, expr }))))(
      "$title: $expr",
      async ({ expr }) => {
        // A service is what most panels of a project show, a worker what those about tasks do.
        const samples = await eventually(
          `data for ${expr}`,
          async () => {
            for (const project of ["web", "jobs"]) {
              const found = await prometheus.query(asked(expr, project));
              const numbers = found.filter(({ value }) => Number.isFinite(Number(value[1])));
              if (numbers.length > 0) return numbers;
            }
            return undefined;
          },
          // Recording rules are evaluated each 15 s.
          45_000,
        );
        expect(samples.length).toBeGreaterThan(0);
      },
    );
  },
);
