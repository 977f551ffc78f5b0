/** Keeps one live stream open while the page is looked at, and comes back to where it was after every break. */
import { effect } from "@preact/signals";
import type { LiveItem } from "../schema/api-live.ts";
import { refused } from "./access.ts";
import { daemon } from "./daemon.ts";
import { absorb, addEvents, events, forgetOthers, link } from "./live-state.ts";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5_000;
/** Events read once at the start, for the newest of each project. */
const EVENTS_READ = 500;
/** A hidden page lets its stream go after this: browsers open six connections to a server over all tabs. */
const HIDDEN_MS = 10_000;

/** Starts it for the life of the page. */
export function keepLive(): void {
  let stop: AbortController | null = null;
  let hiding = 0;
  const follow = (): void => {
    clearTimeout(hiding);
    if (stop !== null || refused.value) return;
    stop = new AbortController();
    void stay(stop.signal);
  };
  const leave = (): void => {
    stop?.abort();
    stop = null;
  };
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") follow();
    else hiding = setTimeout(leave, HIDDEN_MS);
  });
  effect(() => {
    if (refused.value) leave();
    else follow();
  });
}

async function stay(signal: AbortSignal): Promise<void> {
  let wait = FIRST_WAIT_MS;
  void readEvents();
  while (!signal.aborted) {
    const joined = await readLive(signal);
    if (signal.aborted) return;
    if (link.peek().kind !== "away") link.value = { kind: "away", since: Date.now() };
    wait = joined ? FIRST_WAIT_MS : Math.min(wait * 2, LONGEST_WAIT_MS);
    await pause(wait, signal);
  }
}

/** Reads one stream to its end; true if it told the whole state. */
async function readLive(signal: AbortSignal): Promise<boolean> {
  const last = events.peek()[0]?.id;
  let whole: LiveItem[] | null = [];
  try {
    for await (const item of daemon.live(last === undefined ? {} : { after: last }, signal)) {
      if (whole === null) absorb([item]);
      else whole.push(item);
      if (whole === null || item.kind !== "settled") continue;
      forgetOthers(
        new Set(whole.flatMap((told) => (told.kind === "project" ? told.project.name : []))),
      );
      absorb(whole);
      whole = null;
      link.value = { kind: "live", since: Date.now() };
    }
  } catch {
    // told by `link`: the page says that it is cut off and since when
  }
  return whole === null;
}

async function readEvents(): Promise<void> {
  try {
    const page = await daemon.events({ order: "newest", limit: EVENTS_READ });
    addEvents(page.items);
  } catch {
    // without records there are no events to show; the banner says why
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
