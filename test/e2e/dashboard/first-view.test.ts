/** How much the first view weighs, and how soon it can be used with as much on it as one machine is meant to carry. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServerWith, type TestServer } from "../../support/api-server.ts";
import { bearer } from "../../support/bearer.ts";
import { buildPage, contextOf, LOOKS, openBrowser, PAGE_FOLDER } from "../../support/page.ts";
import { type Opened, openOverview } from "../../support/page-usable.ts";
import { hundredProjects, pageWorld } from "../../support/page-world.ts";
import { eventually } from "../../support/stack.ts";

const FIRST_VIEW_BYTES = 60 * 1024;
/** `scripts/bench api` holds it to one second on a machine that does nothing else; this one may be busy or slow (`BERTH_TEST_USABLE_MS`). */
const USABLE_MS = Number(process.env["BERTH_TEST_USABLE_MS"] ?? 3_000);

let server: TestServer;
let browser: Browser;
let secret: string;
beforeAll(async () => {
  await buildPage();
  const daemon = pageWorld(hundredProjects());
  server = await startServerWith(daemon, { pageFolder: PAGE_FOLDER, now: () => Date.now() });
  ({ secret } = await bearer(daemon, "admin"));
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  await server?.[Symbol.asyncDispose]();
});

const open = (): Promise<Opened> => openOverview(browser, `${server.url}/#token=${secret}`, 100);

test("the first view weighs at most 60 KiB as it is sent, and charts are not in it", async () => {
  const { bytes, files } = await open();
  expect(files).toHaveLength(3);
  expect(files.join(" ")).not.toContain("chart");
  expect(bytes).toBeGreaterThan(10_000);
  expect(bytes).toBeLessThanOrEqual(FIRST_VIEW_BYTES);
});

test("100 projects with 500 agents can be used soon after the page was asked for", async () => {
  const times = [await open(), await open(), await open()].map(({ usableMs }) => usableMs);
  const best = Math.min(...times);
  process.stderr.write(`first view with 100 projects: ${times.map(Math.round).join(", ")} ms\n`);
  expect(best).toBeLessThanOrEqual(USABLE_MS);
});

test("changes arrive without anything being asked for or any row being made anew", async () => {
  const [look] = LOOKS;
  if (look === undefined) throw new Error("no look is defined");
  const context = await contextOf(browser, look);
  const page = await context.newPage();
  await page.goto(`${server.url}/#token=${secret}`);
  await page.getByLabel("Order").selectOption("name");
  await page.locator(".projects .row").nth(100).waitFor();
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await page.evaluate("globalThis.rows = [...document.querySelectorAll('.projects .row')]");
  const used = () => page.locator(".projects .row").nth(60).innerText();
  const before = await used();
  await eventually("its CPU moved", async () => ((await used()) === before ? undefined : true));
  const kept = await page.evaluate<boolean>(
    "globalThis.rows.every((row, at) => row === document.querySelectorAll('.projects .row')[at])",
  );
  await context.close();
  expect(kept).toBe(true);
  expect(asked).toEqual([]);
});
