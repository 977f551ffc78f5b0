/** The problem document of the API (RFC 9457), written by the daemon and read by the CLI. */
import { z } from "zod";
import { listOf, shape } from "./api-shape.ts";

/** One of many things wrong with a declaration or a request. */
const problemItem = shape({
  code: z.string(),
  message: z.string(),
  path: z.string().optional(),
  hint: z.string().optional(),
  /** The offending line with a caret, ready to print. */
  snippet: z.string().optional(),
}).meta({ id: "ProblemItem" });

export const problem = shape({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  code: z.string(),
  detail: z.string(),
  path: z.string().optional(),
  hint: z.string().optional(),
  problems: listOf(problemItem).optional(),
}).meta({ id: "Problem" });

export type ProblemItem = z.output<typeof problemItem>;
export type Problem = z.output<typeof problem>;
