/** One circuit breaker per door: past too many transient failures calls fail at once, until a probe gets through. */
import { EventEmitter } from "node:events";
import CircuitBreaker from "opossum";
import { BerthError } from "../base/errors.ts";
import { withDeadline } from "./deadline.ts";

export type BreakerState = "closed" | "open" | "half-open";

export interface GuardOptions {
  /** Calls within the window before the breaker may open. */
  readonly failureThreshold?: number;
  /** Share of those that must have failed, in percent. */
  readonly failurePercent?: number;
  readonly windowMs?: number;
  /** How long the breaker stays open before it lets one probe through. */
  readonly retryAfterMs?: number;
}

export interface Guard {
  readonly name: string;
  /**
   * Runs `work` under a deadline (transient `<name>.timeout`, its signal aborted) and through the breaker (transient
   * `<name>.breaker-open` while open). Only transient errors count against the door: a refusal is an answer.
   */
  call<T>(
    operation: string,
    timeoutMs: number,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T>;
  state(): BreakerState;
  onState(listener: (state: BreakerState) => void): void;
  /** Forgets the breaker and its timers; calls fail afterwards. */
  close(): void;
}

/** Small enough that an outage is noticed within a few calls, large enough that one slow answer is not an outage. */
const FAILURE_THRESHOLD = 5;
const FAILURE_PERCENT = 50;
const WINDOW_MS = 10_000;
/** The window moves on by a tenth at a time. */
const STEPS = 10;
/** Recovery "by itself" is promised within 5 s; a probe each second costs nothing. */
const RETRY_AFTER_MS = 1_000;

const open = new Map<string, Guard>();

/** Opens the breaker of one door. Guards of one name are independent; `breakerStates` shows the newest. */
export function openGuard(name: string, options: GuardOptions = {}): Guard {
  const windowMs = options.windowMs ?? WINDOW_MS;
  const steps = new EventEmitter();
  const moveOn = windowMover(windowMs, () => steps.emit("rotate"));
  const breaker = new CircuitBreaker((work: () => Promise<void>) => work(), {
    name,
    timeout: false, // our own deadline, which differs from call to call
    volumeThreshold: options.failureThreshold ?? FAILURE_THRESHOLD,
    errorThresholdPercentage: options.failurePercent ?? FAILURE_PERCENT,
    rollingCountTimeout: windowMs,
    rollingCountBuckets: STEPS,
    rotateBucketController: steps,
    resetTimeout: options.retryAfterMs ?? RETRY_AFTER_MS,
    rollingPercentilesEnabled: false,
    enableSnapshots: false,
    errorFilter: (error: unknown) => !(error instanceof BerthError && error.kind === "transient"),
  });
  const state = (): BreakerState =>
    breaker.halfOpen ? "half-open" : breaker.opened ? "open" : "closed";
  const guard: Guard = {
    name,
    call: (operation, timeoutMs, work) => {
      moveOn();
      // Once more before its end is counted: it may have taken as long as the window.
      return through(breaker, name, () =>
        withDeadline({ door: name, operation, timeoutMs }, work).finally(moveOn),
      );
    },
    state,
    onState: (listener) => {
      breaker.on("open", () => listener(state()));
      breaker.on("halfOpen", () => listener(state()));
      breaker.on("close", () => listener(state()));
    },
    close: () => {
      breaker.shutdown();
      if (open.get(name) === guard) open.delete(name);
    },
  };
  open.set(name, guard);
  return guard;
}

/** Moves the window on by the time that has passed, whenever a call comes: a timer of its own would wake an idle daemon each second. */
function windowMover(windowMs: number, step: () => void): () => void {
  const stepMs = windowMs / STEPS;
  let movedAt = performance.now();
  return () => {
    const due = Math.floor((performance.now() - movedAt) / stepMs);
    if (due === 0) return;
    movedAt += due * stepMs;
    for (let n = 0; n < Math.min(due, STEPS); n += 1) step();
  };
}

/** The state of every open guard by name, for metrics and `/readyz`. */
export function breakerStates(): Readonly<Record<string, BreakerState>> {
  return Object.fromEntries([...open.values()].map((guard) => [guard.name, guard.state()]));
}

type Breaker = CircuitBreaker<[() => Promise<void>], void>;

/** The result travels in a closure, because opossum's own result type is that of the one action it was made for. */
async function through<T>(breaker: Breaker, name: string, call: () => Promise<T>): Promise<T> {
  const answers: Promise<T>[] = [];
  const once = async (): Promise<void> => {
    const answer = call();
    answers.push(answer);
    await answer;
  };
  try {
    await breaker.fire(once);
  } catch (thrown) {
    const refused = thrown instanceof Error && CircuitBreaker.isOurError(thrown);
    throw refused ? breakerOpen(name, thrown) : thrown;
  }
  const [answer] = answers;
  if (answer === undefined) throw breakerOpen(name, undefined);
  return answer;
}

function breakerOpen(name: string, cause: unknown): BerthError {
  return new BerthError("transient", {
    code: `${name}.breaker-open`,
    detail: `${name} failed too often just now; calls are held back until a probe succeeds`,
    cause,
  });
}
