/** One request to the API: its deadline, who asks, and problems as BerthErrors. */
import { BerthError } from "../base/errors.ts";
import { kindOfProblem } from "../base/problem.ts";
import type { Problem } from "../schema/api-problem.ts";
import { textOf } from "./lines.ts";
import type { Transport, TransportResponse } from "./transport.ts";

/** How long a call may take unless it says otherwise. */
const DEADLINE_MS = 30_000;

export interface Asking {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly query?: Query;
  readonly body?: unknown;
  readonly accept?: string;
  readonly idempotencyKey?: string | undefined;
  readonly signal: AbortSignal;
  /** Null for a stream, which lasts as long as it lasts. */
  readonly deadlineMs?: number | null;
}

export type Query = Readonly<
  Record<string, string | number | boolean | readonly string[] | undefined>
>;

export interface Identity {
  /** The OS user, a claim. */
  readonly user: string | null;
  readonly reason: string | null;
  /** Needed over TCP; null on the unix socket, whose file mode says who may use it. */
  readonly token?: string | null;
}

export type Ask = (asking: Asking) => Promise<TransportResponse>;

/** Sends requests; an answer of 400 and above becomes the BerthError its problem tells of. */
export function makeAsk(transport: Transport, identity: Identity): Ask {
  return async (asking) => {
    const { signal, deadlineMs = DEADLINE_MS } = asking;
    const deadline =
      deadlineMs === null ? signal : AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]);
    const response = await transport({
      method: asking.method,
      path: asking.path + searchOf(asking.query ?? {}),
      headers: headersOf(asking, identity),
      body: asking.body === undefined ? null : JSON.stringify(asking.body),
      signal: deadline,
    }).catch((thrown: unknown) => {
      throw late(thrown, signal, deadlineMs);
    });
    if (response.status < 400) return response;
    throw problemError(await textOf(response.body), response.status);
  };
}

/** The error a problem document tells of; what is not one keeps its status in words. */
export function problemError(text: string, status: number): BerthError {
  const problem = parsedProblem(text);
  if (problem === null)
    return new BerthError("defect", {
      code: "client.answer-unknown",
      detail: `the daemon answered ${status}: ${text.slice(0, 200)}`,
    });
  return errorOf(problem);
}

/** A problem as the error it was at the other end. */
export function errorOf(problem: Problem): BerthError {
  return new BerthError(kindOfProblem(problem.type) ?? "defect", {
    code: problem.code,
    detail: problem.detail,
    hint: problem.hint,
    path: problem.path,
    problems: problem.problems,
  });
}

function parsedProblem(text: string): Problem | null {
  try {
    // the daemon wrote it from the same schema; the two fields everything needs are looked at
    const problem: Problem | null = JSON.parse(text);
    return typeof problem?.code === "string" && typeof problem.detail === "string" ? problem : null;
  } catch {
    return null;
  }
}

function late(thrown: unknown, signal: AbortSignal, deadlineMs: number | null): unknown {
  const timedOut =
    thrown instanceof Error && (thrown.name === "TimeoutError" || thrown.name === "AbortError");
  if (!timedOut || signal.aborted || deadlineMs === null) return thrown;
  return new BerthError("transient", {
    code: "client.daemon-slow",
    detail: `the daemon did not answer within ${deadlineMs / 1000} s`,
    hint: "berth doctor names what it waits for",
    cause: thrown,
  });
}

function headersOf(asking: Asking, identity: Identity): Readonly<Record<string, string>> {
  return {
    accept: asking.accept ?? "application/json",
    ...bearerOf(identity.token ?? null),
    ...(asking.body === undefined ? {} : { "content-type": "application/json" }),
    ...(identity.user === null ? {} : { "x-berth-user": encodeURIComponent(identity.user) }),
    ...(identity.reason === null ? {} : { "x-berth-reason": encodeURIComponent(identity.reason) }),
    ...(asking.idempotencyKey === undefined ? {} : { "idempotency-key": asking.idempotencyKey }),
  };
}

/** The header that shows a token; none without one. */
export function bearerOf(token: string | null): Readonly<Record<string, string>> {
  return token === null ? {} : { authorization: `Bearer ${token}` };
}

function searchOf(query: Query): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    const values = typeof value === "object" ? value : value === undefined ? [] : [String(value)];
    for (const one of values) search.append(key, one);
  }
  const text = search.toString();
  return text === "" ? "" : `?${text}`;
}
