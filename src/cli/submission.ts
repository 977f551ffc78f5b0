/** A task as it is typed: options of `berth run` become a submission. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "commander";
import { BerthError } from "../base/errors.ts";
import { MAX_PAYLOAD_BYTES } from "../model/task.ts";
import type { TaskBody } from "../schema/api-task-request.ts";
import { PRIORITY_WORDS } from "../schema/quantity.ts";
import { type Context, type Given, usage } from "./context.ts";
import { countOf, aheadOf } from "./duration.ts";

/** JSON may be written wide; more than this is not read at all. */
const FILE_MAX = 4 * MAX_PAYLOAD_BYTES;

/** The options of a submission. */
export function withSubmission(command: Command): Command {
  return command
    .option("--payload <json>", "what the process finds on stdin and in $BERTH_TASK_FILE")
    .option("--payload-file <file>", "the same from a file, or - for stdin")
    .option("--priority <word>", "low, normal, high, critical or 0 to 1000 (default the project's)")
    .option("--deadline <when>", "not started after it: 10m, or 2026-01-31T12:00:00Z")
    .option("--tag <tag>", "a word to find it by; may repeat", collect, [])
    .option("--complexity <1-10>", "your estimate, for scaling (default 5)")
    .option("--after <task>", "only once that task has succeeded; may repeat", collect, [])
    .option(
      "--key <key>",
      "submit at most once under this key: a repeat gets the first one's task",
    );
}

/** The submission of what was typed; throws usage. */
export async function submissionOf(context: Context, given: Given): Promise<TaskBody> {
  const [project = "", agent = ""] = given.args;
  const priority = given.text("priority");
  const complexity = countOf(given, "complexity");
  if (complexity !== null && (complexity < 1 || complexity > 10))
    throw usage(`--complexity ${complexity} is not 1 to 10`);
  const deadline = aheadOf(given, "deadline");
  const key = given.text("key");
  return {
    project,
    agent,
    payload: await payloadOf(context, given),
    tags: [...given.list("tag")],
    after: [...given.list("after")],
    ...(priority === null ? {} : { priority: priorityOf(priority) }),
    ...deadline,
    ...(complexity === null ? {} : { complexity }),
    ...(key === null ? {} : { idempotencyKey: key }),
  };
}

/** `low`, `normal`, `high`, `critical`, or a number of 0 to 1000; throws usage. */
export function priorityOf(word: string): number {
  const named = Object.entries(PRIORITY_WORDS).find(([name]) => name === word)?.[1];
  if (named !== undefined) return named;
  if (/^\d{1,4}$/.test(word) && Number(word) <= 1000) return Number(word);
  throw usage(`${word} is no priority`, "low, normal, high, critical or a number from 0 to 1000");
}

async function payloadOf(context: Context, given: Given): Promise<unknown> {
  const text = given.text("payload");
  const file = given.text("payloadFile");
  if (text !== null && file !== null)
    throw usage("--payload and --payload-file are two payloads, a task has one");
  if (file !== null) return jsonOf(await textOfFile(context, file), `the payload in ${file}`);
  return text === null ? {} : jsonOf(text, "--payload");
}

function jsonOf(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : "";
    throw usage(
      `${what} is not JSON: ${why}`,
      `for instance --payload '{"prompt":"fix the tests"}'`,
    );
  }
}

async function textOfFile({ io }: Context, file: string): Promise<string> {
  if (file === "-") return textOfStdin(io.stdin);
  const text = await readFile(resolve(io.cwd, file), "utf8").catch((cause: unknown) => {
    const detail = `${file} cannot be read: ${cause instanceof Error ? cause.message : ""}`;
    throw new BerthError("usage", { code: "cli.file-unreadable", detail, cause });
  });
  if (text.length > FILE_MAX) throw tooLong(file);
  return text;
}

async function textOfStdin(stdin: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > FILE_MAX) throw tooLong("stdin");
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function tooLong(file: string): BerthError {
  return usage(
    `${file} is larger than a payload may be (${MAX_PAYLOAD_BYTES} bytes)`,
    "put it into the workspace and send its path",
  );
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
