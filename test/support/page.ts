/** The built page and a real Chromium to look at it with. */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { run } from "./stack.ts";

export const PAGE_FOLDER = new URL("../../dist/dashboard", import.meta.url).pathname;
/** Pictures of the pages, kept after a run; not in git. */
const PICTURES = new URL("../../dist/pictures", import.meta.url).pathname;

const CHROMIUM = process.env["BERTH_CHROMIUM"] ?? "/usr/bin/chromium";

/** Builds the page as the image does. */
export async function buildPage(): Promise<void> {
  const script = new URL("../../images/daemon/page.ts", import.meta.url).pathname;
  const built = await run(process.execPath, [script]);
  if (built.code !== 0) throw new Error(built.stderr);
}

export async function openBrowser(): Promise<Browser> {
  if (!existsSync(CHROMIUM))
    throw new Error(`no Chromium at ${CHROMIUM}: scripts/test brings it, or set BERTH_CHROMIUM`);
  return chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
}

export interface Look {
  readonly width: number;
  readonly height: number;
  readonly scheme: "light" | "dark";
}

export const LOOKS: readonly Look[] = [
  { width: 1280, height: 800, scheme: "light" },
  { width: 1280, height: 800, scheme: "dark" },
  { width: 390, height: 844, scheme: "light" },
  { width: 390, height: 844, scheme: "dark" },
];

export function contextOf(
  browser: Browser,
  { width, height, scheme }: Look,
): Promise<BrowserContext> {
  return browser.newContext({
    viewport: { width, height },
    colorScheme: scheme,
    reducedMotion: "reduce",
    hasTouch: width < 500,
  });
}

/** Where a picture of a page goes. */
export function pictureAt(name: string, { width, scheme }: Look): string {
  mkdirSync(PICTURES, { recursive: true });
  return join(PICTURES, `${name}-${width}-${scheme}.png`);
}

/** What the page did that it should not have: requests to anybody else, refusals by its policy, errors nobody caught. */
export function faultsOf(page: Page): readonly string[] {
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("console", (message) => {
    // the browser itself logs answers of 400 and above, which tests cause on purpose, and a daemon that is away
    const text = message.text();
    if (message.type() === "error" && !text.startsWith("Failed to load resource"))
      faults.push(text);
  });
  page.on("request", (request) => {
    const asked = new URL(request.url());
    const own = new URL(page.url());
    if (asked.protocol !== "data:" && own.host !== "" && asked.host !== own.host)
      faults.push(`asked ${asked.host}`);
  });
  return faults;
}
