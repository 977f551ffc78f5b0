/** The door's table of codes: what the engine or its socket said, as the one error the rest of the program knows. */
import { BerthError, type ErrorKind } from "../base/errors.ts";

/** Every code this door throws and who must act on it; `docker.timeout` and `docker.breaker-open` come from the guard. */
const DOCKER_CODES = {
  "docker.unreachable": "transient",
  "docker.timeout": "transient",
  "docker.engine-failed": "transient",
  "docker.no-space": "transient",
  "docker.registry-unreachable": "transient",
  "docker.create-pending": "transient",
  "docker.fill-pending": "transient",
  "docker.not-found": "conflict",
  "docker.busy": "conflict",
  "docker.image-missing": "rejected",
  "docker.name-taken": "rejected",
  "docker.subnet-taken": "rejected",
  "docker.refused": "rejected",
  "docker.permission-denied": "rejected",
  "docker.firewall-failed": "rejected",
  "docker.host-invalid": "usage",
} as const satisfies Readonly<Record<string, ErrorKind>>;

export type DockerCode = keyof typeof DOCKER_CODES;

/** A BerthError of this door; its kind follows from the code. */
export function dockerError(
  code: DockerCode,
  detail: string,
  more: Readonly<{ hint?: string; cause?: unknown }> = {},
): BerthError {
  return new BerthError(DOCKER_CODES[code], { code, detail, hint: more.hint, cause: more.cause });
}

/** Status code of an answer by the engine; null when there was no answer. */
export function statusOfAnswer(thrown: unknown): number | null {
  if (typeof thrown !== "object" || thrown === null || !("statusCode" in thrown)) return null;
  return typeof thrown.statusCode === "number" ? thrown.statusCode : null;
}

/** Whether the error means that nobody answered, as against an answer that was a refusal. */
export function isSilence(error: BerthError): boolean {
  return error.code === "docker.unreachable" || error.code === "docker.timeout";
}

/** Whether the object was not there: for removals and look-ups that is an answer, not a failure. */
export function isNotFound(thrown: unknown): boolean {
  return thrown instanceof BerthError && thrown.code === "docker.not-found";
}

/** Translates whatever dockerode threw during `operation`. */
export function translate(operation: string, thrown: unknown): BerthError {
  if (thrown instanceof BerthError) return thrown;
  const said = saidBy(thrown);
  const detail = `${operation}: ${said}`;
  const status = statusOfAnswer(thrown);
  if (status === null) return silence(detail, thrown);
  const code = codeOf(status, said);
  return dockerError(code, detail, { cause: thrown, ...hintOf(code) });
}

function silence(detail: string, thrown: unknown): BerthError {
  const denied = thrown instanceof Error && "code" in thrown && thrown.code === "EACCES";
  if (denied)
    return dockerError("docker.permission-denied", detail, {
      cause: thrown,
      hint: "run as a user who may use the Docker socket",
    });
  return dockerError("docker.unreachable", detail, {
    cause: thrown,
    hint: "start the Docker engine, or set DOCKER_HOST to where it listens",
  });
}

function hintOf(code: DockerCode): Readonly<{ hint?: string }> {
  if (code === "docker.no-space") return { hint: "free space under Docker's data root" };
  return {};
}

/** First match wins: the engine reports many refusals as 500 or 403, so its words come before its status. */
const BY_WORDS: readonly (readonly [RegExp, DockerCode])[] = [
  [/no space left on device|disk quota exceeded/i, "docker.no-space"],
  [
    /pool overlaps with other|overlaps with existing|address already in use/i,
    "docker.subnet-taken",
  ],
  [
    /no such image|manifest unknown|pull access denied|repository does not exist/i,
    "docker.image-missing",
  ],
  [/has active endpoints|is in use|already in progress/i, "docker.busy"],
  [
    /network with name .* already exists|name .* is already in use|conflict\. the container name/i,
    "docker.name-taken",
  ],
];

function codeOf(status: number, said: string): DockerCode {
  for (const [words, code] of BY_WORDS) if (words.test(said)) return code;
  if (status === 404) return "docker.not-found";
  if (status === 409) return "docker.busy";
  if (status === 503) return "docker.unreachable";
  return status >= 500 ? "docker.engine-failed" : "docker.refused";
}

/** The engine's own sentence, without dockerode's "(HTTP code …)" before it. */
function saidBy(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return text.replace(/^\(HTTP code \d+\) [^-]* - /, "").trim();
}
