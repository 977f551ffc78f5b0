/** How soon the overview can be used after it was asked for, and what it weighs, in a browser with nothing in its cache. */
import type { Browser } from "playwright-core";
import { contextOf, LOOKS } from "./page.ts";
import { eventually } from "./stack.ts";

export interface Opened {
  /** As sent over the wire. */
  readonly bytes: number;
  readonly files: readonly string[];
  /** From the request to all rows drawn and the main thread free, by the browser's clock. */
  readonly usableMs: number;
}

/** `url` bears the token; `rows` are the projects that must be there. */
export async function openOverview(browser: Browser, url: string, rows: number): Promise<Opened> {
  const [look] = LOOKS;
  if (look === undefined) throw new Error("no look is defined");
  // Asked in the page: its clock once all rows (and their head) are there and nothing waits to be drawn.
  const usable = `document.querySelectorAll(".projects .row").length === ${rows + 1}
    ? new Promise((free) => requestAnimationFrame(() => setTimeout(() => free(performance.now()), 0)))
    : undefined`;
  const context = await contextOf(browser, look);
  try {
    const page = await context.newPage();
    const sizes = new Map<string, Promise<number>>();
    page.on("requestfinished", (request) => {
      const { pathname, protocol } = new URL(request.url());
      if (protocol === "http:" && !pathname.startsWith("/api/"))
        sizes.set(
          pathname,
          request.sizes().then(({ responseBodySize }) => responseBodySize),
        );
    });
    await page.goto(url, { waitUntil: "commit" });
    const usableMs = await eventually("all rows are drawn and the page is free", () =>
      page.evaluate<number | undefined>(usable),
    );
    await page.waitForLoadState();
    const weights = await Promise.all(sizes.values());
    const bytes = weights.reduce((sum, weight) => sum + weight, 0);
    return { bytes, files: [...sizes.keys()], usableMs };
  } finally {
    await context.close();
  }
}
