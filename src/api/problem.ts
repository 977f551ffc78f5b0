/** Any error as a response: its kind fixes the status, a few codes of the API itself are more exact. */
import { type BerthError, statusOf } from "../base/errors.ts";
import { problemDocument } from "../base/problem.ts";
import type { Problem } from "../schema/api-problem.ts";

/** Statuses of the door itself, which no error kind has. */
const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  "api.token-missing": 401,
  "api.token-invalid": 401,
  "api.metrics-token-wrong": 401,
  "api.ticket-invalid": 401,
  "api.route-missing": 404,
  "api.method-refused": 405,
  "api.request-slow": 408,
  "api.body-too-large": 413,
  "task.payload-too-large": 413,
  "api.content-type-refused": 415,
  "api.header-too-large": 431,
  "api.connections-full": 503,
};

/** Seconds after which a caller may try again, where trying again can help. */
const RETRY_AFTER_SECONDS: Readonly<Record<number, string>> = { 429: "1", 503: "2" };

/** The problem document of an error. A usage error whose code ends in `-missing` or `-unknown` names what is not there: 404. */
export function problemOf(error: BerthError): Problem {
  const absent = error.kind === "usage" && /-(?:missing|unknown)$/.test(error.code);
  return problemDocument(
    error,
    STATUS_OF_CODE[error.code] ?? (absent ? 404 : statusOf(error.kind)),
  );
}

/** The response that carries a problem. */
export function problemResponse(problem: Problem): Response {
  const headers = new Headers({
    "content-type": "application/problem+json",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  const retry = RETRY_AFTER_SECONDS[problem.status];
  if (retry !== undefined) headers.set("retry-after", retry);
  if (problem.status === 401) headers.set("www-authenticate", 'Bearer realm="berth"');
  return new Response(JSON.stringify(problem), { status: problem.status, headers });
}

/** The same as bytes for a connection that has no response yet: a refused upgrade, a request Node's parser gave up on. */
export function rawProblem(problem: Problem): string {
  const body = JSON.stringify(problem);
  const head = `HTTP/1.1 ${problem.status} Refused\r\ncontent-type: application/problem+json\r\n`;
  return `${head}content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`;
}
