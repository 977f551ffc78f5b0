/** Every page in light and dark, wide and narrow: pictures are kept, axe finds nothing serious, nothing runs out of the screen. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startServerWith, type TestServer } from "../../support/api-server.ts";
import { bearer } from "../../support/bearer.ts";
import {
  buildPage,
  contextOf,
  faultsOf,
  LOOKS,
  openBrowser,
  PAGE_FOLDER,
  pictureAt,
} from "../../support/page.ts";
import { pageWorld } from "../../support/page-world.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What is waited for says that the page is drawn. */
const PAGES = [
  { name: "overview", at: "#/", drawn: "a-project-with-a-rather-long-name-00" },
  { name: "project", at: "#/projects/flaky", drawn: "image node:26 means another one by now" },
  { name: "project-tasks", at: "#/projects/web/tasks", drawn: "reading the diff" },
  { name: "project-output", at: "#/projects/web/output", drawn: "world" },
  {
    name: "project-declaration",
    at: "#/projects/web/declaration",
    drawn: "projects/web.yaml:4:11",
  },
  { name: "project-plan", at: "#/projects/web/plan", drawn: "limits differ" },
  { name: "project-timeline", at: "#/projects/web/timeline", drawn: "out of memory" },
  { name: "queue", at: "#/queue", drawn: "Dead letters" },
  { name: "task-running", at: "#/tasks/101", drawn: "Output of try 1" },
  { name: "task-dead", at: "#/tasks/103", drawn: "Why it ended so" },
  { name: "events", at: "#/events", drawn: "agent.exited" },
  { name: "settings", at: "#/settings", drawn: "postgres" },
];

let server: TestServer;
let browser: Browser;
let secret: string;
beforeAll(async () => {
  await buildPage();
  const daemon = pageWorld();
  server = await startServerWith(daemon, {
    pageFolder: PAGE_FOLDER,
    now: () => Date.now(),
  });
  ({ secret } = await bearer(daemon, "admin"));
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  await server?.[Symbol.asyncDispose]();
});

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { html: string; failureSummary: string }[];
}

/** Violations of impact serious or critical, each with where. */
async function seriousIn(page: Page): Promise<readonly string[]> {
  await page.evaluate(AXE);
  const found = await page.evaluate<readonly Violation[]>(
    "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations)",
  );
  return found
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) =>
      nodes
        .slice(0, 3)
        .map(
          ({ html, failureSummary }) =>
            `${id}: ${html.slice(0, 160)} ${failureSummary.slice(0, 300)}`,
        ),
    );
}

describe.each(LOOKS)("$width px wide, $scheme", (look) => {
  let page: Page;
  let faults: readonly string[];
  beforeAll(async () => {
    const context = await contextOf(browser, look);
    page = await context.newPage();
    faults = faultsOf(page);
    await page.goto(`${server.url}/#token=${secret}`);
  });
  afterAll(() => page.context().close());

  test.each(PAGES)("$name", async ({ name, at, drawn }) => {
    await page.goto(`${server.url}/${at}`);
    await page.getByText(drawn, { exact: false }).first().waitFor({ timeout: 20_000 });
    await page.evaluate(
      "new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn, 50)))",
    );
    await page.screenshot({ path: pictureAt(name, look), fullPage: true });
    const overhang = await page.evaluate<number>(
      "document.documentElement.scrollWidth - document.documentElement.clientWidth",
    );
    expect(overhang).toBe(0);
    expect(await seriousIn(page)).toEqual([]);
  });

  test("a question", async () => {
    await page.goto(`${server.url}/#/projects/web`);
    await page.getByRole("button", { name: "Remove" }).click();
    await page.getByRole("checkbox").check();
    await page.screenshot({ path: pictureAt("question", look) });
    expect(await seriousIn(page)).toEqual([]);
    await page.keyboard.press("Escape");
  });

  test("nothing was stopped by the page's policy or asked of anybody else", () => {
    expect(faults).toEqual([]);
  });
});
