/** Follows projects until each is settled, failed or out of room: events wake it, the list of projects is the truth. */
import { setTimeout as sleep } from "node:timers/promises";
import { BerthError } from "../base/errors.ts";
import type { Client } from "../client/client.ts";
import type { Context } from "./context.ts";
import type { Effect } from "./effect.ts";
import { makeProgress } from "./progress.ts";
import {
  errorOfVerdicts,
  holdMsOf,
  onlyAgents,
  type Verdict,
  verdictOf,
  youngMsOf,
} from "./verdict.ts";

/** Between looks when no event says that something changed: whatever changes is told by one, unless the stream is lost. */
const LOOK_MS = 500;
/** After an event: what a runner says of its agents follows what it tells of them (STATUS_COALESCE_MS in the runner). */
const ECHO_MS = 60;
/** How long the daemon may be away, restarting, before the wait gives up. */
const AWAY_MS = 10_000;
/**
 * Between looks at least, however many events come: the more projects are under way, the dearer a look, and the less it
 * decides. Only the last one's arrival is worth a look at once.
 */
const PAUSE_MS = 40;
const MOST_PAUSE_MS = 250;
const pauseMs = (moving: number): number => Math.min(MOST_PAUSE_MS, PAUSE_MS * Math.max(1, moving));
const ARRIVED = "project.settled";

export interface Waiting {
  readonly names: readonly string[];
  readonly timeoutMs: number;
  /** What must also be seen of a project before it counts as settled. */
  readonly effects?: ReadonlyMap<string, Effect>;
  /** Of these projects only these agents are waited for. */
  readonly agents?: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Resolves when all are settled; throws failed (1 or 78), capacity (73) or timed out (75). */
export async function waitFor(context: Context, waiting: Waiting): Promise<void> {
  const { names, timeoutMs } = waiting;
  if (names.length === 0) return;
  const client = await context.client();
  const progress = makeProgress(context);
  const waker = wakeOnEvents(client, context.signal);
  const started = performance.now();
  let heldSince = started;
  let moved = false;
  let seen = started;
  let lookMs = LOOK_MS;
  try {
    for (;;) {
      const verdicts = await look(client, waiting).catch((thrown: unknown) => away(thrown, seen));
      const now = performance.now();
      if (verdicts === null) {
        await waker.next(LOOK_MS, []);
        continue;
      }
      seen = now;
      await progress.update(verdicts);
      const moving = verdicts.filter((verdict) => verdict.state === "moving");
      if (moving.length > 0) {
        heldSince = now;
        moved = true;
      }
      const heldMs = now - heldSince;
      // Only what was on its way here: agents that started before somebody asked are none of this wait's business.
      const youngMs = moved ? youngMsOf(verdicts, Date.now(), heldMs) : 0;
      const restingMs = Math.max(holdMsOf(verdicts) - heldMs, youngMs);
      if (moving.length === 0 && restingMs <= 0) return finish(verdicts);
      if (now - started > timeoutMs)
        throw timedOut(moving.length > 0 ? moving : verdicts, timeoutMs);
      const nextMs = moving.length > 0 ? lookMs : restingMs;
      const restMs = Math.min(LOOK_MS, nextMs, timeoutMs - (now - started));
      const happened = await waker.next(
        restMs,
        moving.map(({ name }) => name),
      );
      lookMs = happened ? ECHO_MS : Math.min(LOOK_MS, 2 * lookMs);
    }
  } finally {
    waker.end();
    await progress.end();
  }
}

function finish(verdicts: readonly Verdict[]): void {
  const error = errorOfVerdicts(verdicts);
  if (error !== null) throw error;
}

/** Null for a daemon that is away for a moment: what it was told goes on. */
function away(thrown: unknown, seen: number): null {
  const passing = thrown instanceof BerthError && thrown.kind === "transient";
  if (passing && performance.now() - seen < AWAY_MS) return null;
  throw thrown;
}

async function look(
  client: Client,
  { names, effects, agents }: Waiting,
): Promise<readonly Verdict[]> {
  const projects = new Map((await client.projects()).map((project) => [project.name, project]));
  return names.map((name) => {
    const [project, named] = [projects.get(name), agents?.get(name)];
    const part =
      project === undefined || named === undefined ? project : onlyAgents(project, named);
    return verdictOf(name, part, effects?.get(name));
  });
}

interface Waker {
  /**
   * Resolves after `ms`, or when something happened, but not before the pause, unless each of `moving` is told to have
   * arrived since the last time. With whether something happened.
   */
  next(ms: number, moving: readonly string[]): Promise<boolean>;
  end(): void;
}

function wakeOnEvents(client: Client, signal: AbortSignal): Waker {
  const end = new AbortController();
  const state = { happened: false, arrived: new Set<string | null>(), wake: nothing };
  const listen = async (): Promise<void> => {
    const events = client.follow({}, AbortSignal.any([signal, end.signal]))[Symbol.asyncIterator]();
    for (let next = await events.next(); next.done !== true; next = await events.next()) {
      state.happened = true;
      if (next.value.kind === ARRIVED) state.arrived.add(next.value.project);
      state.wake();
    }
  };
  const until = async (ms: number, isOver: () => boolean): Promise<void> => {
    const over = new AbortController();
    state.wake = () => {
      if (isOver()) over.abort();
    };
    state.wake();
    await sleep(ms, undefined, { signal: AbortSignal.any([signal, over.signal]) }).catch(nothing);
    signal.throwIfAborted();
  };
  // without the stream, looking every half second is enough
  void listen().catch(nothing);
  return {
    async next(ms, moving) {
      const pause = pauseMs(moving.length);
      await until(
        pause,
        () => moving.length > 0 && moving.every((name) => state.arrived.has(name)),
      );
      await until(Math.max(0, ms - pause), () => state.happened);
      const { happened } = state;
      state.happened = false;
      state.arrived.clear();
      return happened;
    },
    end: () => end.abort(),
  };
}

function nothing(): void {
  // waking nobody, and forgetting a stream that ended, are both fine
}

function timedOut(moving: readonly Verdict[], timeoutMs: number): BerthError {
  return new BerthError("conflict", {
    code: "cli.wait-timed-out",
    detail: `not settled within ${timeoutMs / 1000} s: ${moving.map((verdict) => verdict.name).join(", ")}`,
    problems: moving.map((verdict) => ({
      code: "cli.wait-timed-out",
      message: `${verdict.name}: ${verdict.text}`,
    })),
    hint: "the daemon goes on; berth ps shows how far it is",
  });
}
