/** The page in a real browser over a real daemon: look, steer, submit, follow, cancel, read why, see what is down. */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildPage, contextOf, faultsOf, LOOKS, openBrowser } from "../../support/page.ts";
import { counter, host } from "../../support/samples.ts";
import { type Stack, eventually, startStack } from "../../support/stack.ts";

const WORKER = `  reviews:
    limits: { agents: 4, memory: 128MiB }
    agents:
      coder:
        command: [/bin/sh, -c, 'payload=$(cat); echo "got $payload"; printf "red\\\\033[31m <b>bold</b>\\\\007\\\\n"; case "$payload" in *ask*) answer=$(/.berth/bin/berth-agent ask "Merge it?" --wait); echo "told $answer";; *fail*) exit 7;; *slow*) i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo "line $i"; sleep 0.2; done;; esac; echo "{\\"seen\\":$payload}" >&$BERTH_RESULT_FD']
        on: task
        max: 1
        timeout: 900s
        stop_grace_period: 1s
`;
/** A browser may be slow to draw on a busy machine. */
const DRAWN_MS = 20_000;

let stack: Stack;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let address: string;
/** Whatever the page logged or failed to load: nothing, in the end. */
let faults: readonly string[];

beforeAll(async () => {
  await buildPage();
  stack = await startStack({ listen: ["127.0.0.1:0"] });
  await stack.apply(host(counter("web") + WORKER));
  const made = await stack.json<{ page: string }>("token", "create", "test", "--scope", "admin");
  address = made.page;
  browser = await openBrowser();
  const [look] = LOOKS;
  if (look === undefined) throw new Error("no look is defined");
  context = await contextOf(browser, look);
  context.setDefaultTimeout(DRAWN_MS);
  page = await context.newPage();
  faults = faultsOf(page);
});
afterAll(async () => {
  await browser?.close();
  await stack?.close();
});

const row = (name: string) =>
  page.getByRole("row").filter({ has: page.getByRole("link", { name, exact: true }) });
const go = (fragment: string) => page.goto(`${new URL(address).origin}/${fragment}`);

test("opened with its token it shows every project live, and the token has left the address", async () => {
  await page.goto(address);
  await row("web").getByText("healthy").waitFor();
  await row("reviews").getByText("healthy").waitFor();
  await page.getByText("Live", { exact: true }).waitFor();
  expect(page.url()).not.toContain("token");
  expect(await row("web").innerText()).toMatch(/of 96 MiB/);
  expect(await page.getByRole("region", { name: "Host" }).innerText()).toMatch(/2\s+of 2 healthy/);
});

test("a link to a page works after a reload, without a token in it", async () => {
  await go("#/projects/web/declaration");
  await page.getByText("limits.memory").first().waitFor();
  await page.reload();
  await page.getByText("limits.memory").first().waitFor();
  expect(await page.getByRole("heading", { level: 1 }).innerText()).toBe("web");
});

test("a project is paused and resumed by a button, and the page follows without being asked", async () => {
  await go("#/projects/web");
  await page.getByRole("button", { name: "Pause" }).click();
  await page.locator(".title").getByText("frozen").waitFor();
  await page.getByRole("button", { name: "Resume" }).click();
  await page.locator(".title").getByText("healthy").waitFor();
  const { items } = JSON.parse((await stack.get("/api/v1/audit?project=web")).body) as {
    items: { action: string; by: { who: string } }[];
  };
  expect(items.some(({ by }) => by.who.includes("test"))).toBe(true);
});

test("what interrupts asks first, names what it ends, and does nothing when it is left", async () => {
  await page.getByRole("button", { name: "Stop" }).click();
  const dialog = page.getByRole("dialog");
  expect(await dialog.innerText()).toContain("Stop web?");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Remove" }).click();
  expect(await dialog.innerText()).toContain("Remove web?");
  await dialog.getByRole("checkbox").check();
  expect(await dialog.getByRole("button", { name: "Remove web" }).isDisabled()).toBe(true);
  await dialog.getByRole("button", { name: "Cancel" }).click();
  expect((await stack.json<unknown[]>("ps")).length).toBe(2);
});

test("a task is submitted, its output followed and searched, and shown harmless", async () => {
  await go("#/projects/reviews/tasks");
  await page.getByRole("button", { name: "Submit a task" }).click();
  await page.getByLabel("Payload (JSON)").fill("{ not json");
  expect(await page.getByRole("button", { name: "Submit", exact: true }).isDisabled()).toBe(true);
  await page.getByLabel("Payload (JSON)").fill('{"n":"slow"}');
  await page.getByRole("button", { name: "Submit", exact: true }).click();
  const log = page.getByRole("log");
  await log.getByText("line 3", { exact: true }).waitFor();
  await log.getByText("line 9", { exact: true }).waitFor();
  expect(await log.innerText()).toContain("red <b>bold</b>␇");
  expect(await log.locator("b").count()).toBe(0);
  await page.getByLabel("Show only lines that hold").fill("line 4");
  await log.getByText("line 4", { exact: true }).waitFor();
  await log.getByText("line 5", { exact: true }).waitFor({ state: "hidden" });
  expect(await log.getByText("line 4", { exact: true }).isVisible()).toBe(true);
});

test("the priority of a waiting task is changed, and the queue says what binds it", async () => {
  await stack.ok("run", "reviews", "coder", "--payload", '{"n":"first"}', "--detach");
  await stack.ok("run", "reviews", "coder", "--payload", '{"n":"second"}', "--detach");
  await go("#/queue");
  const waiting = page.getByRole("region", { name: "Waiting" });
  await waiting.getByRole("row").nth(2).waitFor();
  const last = waiting.getByRole("row").nth(2);
  const id = await last.getByRole("link").first().innerText();
  expect(await last.innerText()).toContain("agent max: 1 of 1 run");
  const mine = waiting
    .getByRole("row")
    .filter({ has: page.getByRole("link", { name: id, exact: true }) });
  await mine.getByRole("spinbutton").fill("900");
  await mine.getByRole("button", { name: "Set" }).click();
  await page.getByText(`Task ${id} has priority 900`).waitFor();
  await eventually("it is first now", async () => {
    const shown = await waiting.innerText();
    if ((await waiting.getByRole("row").nth(1).innerText()).includes(id)) return true;
    throw new Error(`${id} is not first: ${shown}`);
  });
  expect(await stack.json<object>("task", "show", id)).toMatchObject({ priority: 900 });
});

test("a running task is cancelled after a question, and the page says why it ended", async () => {
  const running = page.getByRole("region", { name: "Running" });
  await running.getByRole("link").first().click();
  await page.getByRole("heading", { level: 1, name: /^Task/ }).waitFor();
  await page.getByRole("button", { name: /^Cancel task/ }).click();
  const dialog = page.getByRole("dialog");
  expect(await dialog.innerText()).toMatch(/reviews\/coder is ended/);
  await dialog.getByRole("button", { name: /^Cancel task/ }).click();
  await page.locator(".title").getByText("cancelled").waitFor();
  const why = page.getByRole("region", { name: "Why it ended so" });
  await eventually("it says why", async () =>
    (await why.innerText()).length > 40 ? true : undefined,
  );
});

test("a task that failed lies among the dead letters, says its exit code, and is retried", async () => {
  await stack.berth("run", "reviews", "coder", "--payload", '{"n":"fail"}');
  await go("#/queue");
  const dead = page.getByRole("region", { name: "Dead letters" });
  await dead.getByRole("link").first().click();
  await page.getByRole("heading", { level: 1, name: /^Task/ }).waitFor();
  const why = page.getByRole("region", { name: "Why it ended so" });
  await why.getByText("it exited with 7").waitFor();
  const curve = why.getByRole("img", { name: /^Memory while it ran over time: at most \d/ });
  await curve.locator("canvas").waitFor();
  const drawn = `(() => {
    const canvas = document.querySelector(".chart canvas");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.some((each) => each > 0);
  })()`;
  await eventually("the curve is drawn", async () =>
    (await page.evaluate<boolean>(drawn)) ? true : undefined,
  );
  await page.getByRole("button", { name: /^Retry task/ }).click();
  const tries = page.getByRole("region", { name: "Tries" });
  await tries.getByRole("row").nth(2).getByText("failed").waitFor();
  await expect.poll(() => tries.getByText("exit 7").count(), { timeout: DRAWN_MS }).toBe(2);
});

test("an agent that asks is answered on the page and goes on with the answer", async () => {
  await stack.ok("run", "reviews", "coder", "--payload", '{"n":"ask"}', "--detach");
  await go("#/");
  await row("reviews").getByText("needs you").waitFor();
  const asked = page.getByRole("region", { name: "Needs you" });
  await asked.getByText("Merge it?").waitFor();
  await asked.getByLabel("Answer to reviews/coder").fill("yes, but later");
  await asked.getByRole("button", { name: "Answer" }).click();
  await asked.waitFor({ state: "detached" });
  const said = await eventually("the agent was told", async () => {
    const out = await stack.ok("logs", "reviews");
    return out.includes("told") ? out : undefined;
  });
  expect(said).toContain("told yes, but later");
});

test("a declared project shows where each value came from, and what is yet to be done for it", async () => {
  const text = `name: later
image: "berth-test/never-built:1"
limits: { memory: 96MiB }
agents: { one: { command: [sleep, "9"] } }
`;
  await stack.ok("apply", "-f", stack.write("later.yaml", text), "-y");
  await go("#/projects/later/declaration");
  const memory = page
    .getByRole("row")
    .filter({ has: page.getByText("limits.memory", { exact: true }) });
  await memory.getByText("later.yaml:3").waitFor();
  expect(await memory.innerText()).toContain("96MiB");
  await go("#/projects/later/plan");
  const plan = page.getByRole("region", { name: "Pending change" });
  await plan.getByText("create-container").waitFor();
  expect(await plan.innerText()).toContain("is not on this host");
  await go("#/projects/web/plan");
  await page.getByText("Nothing to do: the project is as it was accepted.").waitFor();
  await stack.ok("remove", "later", "-y");
});

test("while Redis is stopped a banner says so and since when, and then it goes", async () => {
  await go("#/");
  const banner = page.locator('[data-mode="redis-gone"]');
  await stack.redis.freeze();
  try {
    await banner.waitFor({ timeout: 60_000 });
    expect(await banner.innerText()).toMatch(/Redis is down[\s\S]*since \d/);
  } finally {
    await stack.redis.thaw();
  }
  await banner.waitFor({ state: "detached", timeout: 60_000 });
});

test("while the daemon is away the page says so, and it comes back by itself", async () => {
  await go("#/");
  await row("web").getByText("healthy").waitFor();
  const { port } = new URL(address);
  await stack.killDaemon();
  await page.locator('[data-mode="cut-off"]').waitFor();
  await stack.startDaemon({ BERTH_LISTEN: `unix:${stack.socket},127.0.0.1:${port}` });
  await page.locator('[data-mode="cut-off"]').waitFor({ state: "detached", timeout: 60_000 });
  await row("web").getByText("healthy").waitFor();
  await expect.poll(() => page.locator(".banner").count(), { timeout: DRAWN_MS }).toBe(0);
});

test("everything is reached by keyboard, and where one is can be seen", async () => {
  await go("#/");
  await page.reload();
  await row("web").waitFor();
  await page.keyboard.press("Tab");
  expect(await page.evaluate("document.activeElement.textContent")).toBe("Skip to the page");
  const stops: (readonly [string, string])[] = [];
  for (let step = 0; step < 20; step += 1) {
    await page.keyboard.press("Tab");
    const [name = "", outline = ""] = await page.evaluate<string[]>(
      "document.activeElement === document.body ? [] : [document.activeElement.textContent.slice(0, 20), getComputedStyle(document.activeElement).outlineStyle]",
    );
    if (name !== "") stops.push([name, outline]);
  }
  const seen = stops.map(([name]) => name);
  expect(stops.filter(([, outline]) => outline !== "solid")).toEqual([]);
  expect(seen).toEqual(
    expect.arrayContaining(["Overview", "Events", "Settings", "web", "reviews"]),
  );
});

test("a revoked token opens nothing any more: the page asks for another", async () => {
  await go("#/");
  await row("web").waitFor();
  await stack.ok("token", "revoke", "test");
  await page.reload();
  await page.getByRole("heading", { name: "Who is there?" }).waitFor();
  const { secret } = await stack.json<{ secret: string }>(
    "token",
    "create",
    "again",
    "--scope",
    "read",
  );
  await page.getByLabel("Token").fill(secret);
  await page.getByRole("button", { name: "Go on" }).click();
  await row("web").getByText("healthy").waitFor();
  expect(await page.evaluate("sessionStorage.length + localStorage.length")).toBe(1);
});

test("what a token may not do is not offered, and the page says what it may", async () => {
  await go("#/projects/web");
  await page.getByRole("heading", { level: 1, name: "web" }).waitFor();
  for (const name of ["Pause", "Remove", "Restart", "Scale"])
    expect([name, await page.getByRole("button", { name }).count()]).toEqual([name, 0]);
  await go("#/settings");
  const access = page.getByRole("region", { name: "Your access" });
  await access.getByText("You may").waitFor();
  expect(await access.innerText()).toMatch(/bearer of again[\s\S]*the whole host[\s\S]*look at/);
  expect(await access.innerText()).not.toMatch(/remove|submit/);
  expect(await page.getByRole("region", { name: "Access tokens" }).count()).toBe(0);
  await page.getByRole("region", { name: "Accepted declarations" }).getByText("in force").waitFor();
  expect(await page.getByRole("alert").count()).toBe(0);
});

test("the page asked nobody else, and its policy stopped nothing of its own", () => {
  expect(faults).toEqual([]);
});
