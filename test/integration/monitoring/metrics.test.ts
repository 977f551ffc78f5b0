/** The text Prometheus reads: clean by promtool, and over TCP only for the scraper's own token. */
import { afterEach, expect, test } from "vitest";
import { serveMetrics, type ServedMetrics } from "../../../src/api/metrics-server.ts";
import { metricsOf, standing } from "../../support/measured.ts";
import { promtool } from "./promtool.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const log = { error: () => undefined, warn: () => undefined };
let served: ServedMetrics | null = null;
afterEach(async () => {
  await served?.close();
  served = null;
});

async function serve(
  token = TOKEN,
): Promise<(path: string, init?: RequestInit) => Promise<Response>> {
  const metrics = metricsOf(standing(3));
  served = await serveMetrics({
    listen: "127.0.0.1:0",
    token,
    log,
    metrics: () => metrics.text(),
  });
  const { port } = served;
  return (path, init = {}) => fetch(`http://127.0.0.1:${port}${path}`, init);
}
const bearer = (token: string): RequestInit => ({ headers: { authorization: `Bearer ${token}` } });

test("promtool finds nothing to say about the metrics", async () => {
  const text = await metricsOf(standing(3)).text();
  expect(await promtool(["check", "metrics"], text)).toEqual({ code: 0, text: "" });
});

test("promtool does find something in a metric that is named badly", async () => {
  const bad = "# HELP x_total A gauge.\n# TYPE x_total gauge\nx_total 1\n";
  expect(await promtool(["check", "metrics"], bad)).not.toMatchObject({ text: "" });
});

test("a scraper with the token gets the metrics", async () => {
  const ask = await serve();
  const answer = await ask("/metrics", bearer(TOKEN));
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toContain("text/plain; version=0.0.4");
  expect(await answer.text()).toContain("berth_build_info");
});

const refusals = [
  {
    what: "without a token",
    path: "/metrics",
    init: {},
    status: 401,
    code: "api.metrics-token-wrong",
  },
  {
    what: "with another token",
    path: "/metrics",
    init: bearer(`${TOKEN}0`),
    status: 401,
    code: "api.metrics-token-wrong",
  },
  {
    what: "for another path",
    path: "/api/v1/projects",
    init: bearer(TOKEN),
    status: 404,
    code: "api.route-missing",
  },
  {
    what: "that writes",
    path: "/metrics",
    init: { ...bearer(TOKEN), method: "POST" },
    status: 405,
    code: "api.method-refused",
  },
];
test.each(refusals)("a request $what is refused", async ({ path, init, status, code }) => {
  const ask = await serve();
  const answer = await ask(path, init);
  expect(answer.status).toBe(status);
  expect(await answer.json()).toMatchObject({ code, status });
  expect((await ask("/metrics", bearer(TOKEN))).status).toBe(200);
});

test("a token that could be guessed is refused before anything listens", async () => {
  await expect(serve("short")).rejects.toMatchObject({ code: "api.metrics-token-short" });
});

test.each([
  ["9464", "api.listen-unsupported"],
  ["127.0.0.1:99999", "api.listen-unsupported"],
  ["unix:/run/metrics.sock", "api.metrics-address-invalid"],
  ["127.0.0.1:0,127.0.0.1:0", "api.metrics-address-invalid"],
])("%s is no address to scrape", async (listen, code) => {
  const refused = serveMetrics({ listen, token: TOKEN, log, metrics: async () => "" });
  await expect(refused).rejects.toMatchObject({ code });
});

test("a port in use is told", async () => {
  await serve();
  const listen = `127.0.0.1:${served?.port ?? 0}`;
  await expect(
    serveMetrics({ listen, token: TOKEN, log, metrics: async () => "" }),
  ).rejects.toMatchObject({ code: "api.address-taken" });
});
