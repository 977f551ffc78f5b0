/** One route: its schemas both check what is asked and write the OpenAPI document. */
import type { OpenAPIHono, z } from "@hono/zod-openapi";
import { BerthError } from "../base/errors.ts";
import { hashOf } from "../base/hash.ts";
import type { OnceDaemon } from "../loop/once.ts";
import type { Asker } from "../postgres/door.ts";
import { type Access, type Caller, refuseForeign } from "./access.ts";
import { problem } from "../schema/api-problem.ts";
import { nothing, writeHeaders } from "../schema/api-request.ts";
import type { Bounds } from "./bounds.ts";
import type { Connection } from "./connections.ts";
import { factsOf } from "./issues.ts";

type Nothing = typeof nothing;
type Operation = Parameters<OpenAPIHono["openAPIRegistry"]["registerPath"]>[0];

/** What a route's answer is made from, checked. */
export interface Call<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly caller: Caller;
  /** The caller as records name them. */
  readonly by: Asker;
  /** One caller's keys are not another's; for a route of `repeats: "each-time"` it is as it was sent. */
  readonly idempotencyKey: string | null;
  readonly headers: Headers;
  /** Aborted when the client left. */
  readonly signal: AbortSignal;
  readonly connection: Connection;
}

interface Definition<
  P extends z.ZodObject,
  Q extends z.ZodObject,
  B extends z.ZodType,
  R extends z.ZodType,
> {
  readonly method: "get" | "post" | "put" | "delete";
  /** With `{name}` for parameters, as OpenAPI writes them. */
  readonly path: string;
  readonly summary: string;
  readonly access: Access<Call<z.output<P>, z.output<Q>, z.output<B>>>;
  /** Of these three, what a route does not mention it takes nothing of. */
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly bodyLimit?: "bundleBodyBytes";
  readonly response: R;
  /**
   * What a repeat under the same `Idempotency-Key` does, on any route but GET: it gets the first answer, out of the records, or out of the
   * daemon's memory where what was changed ends with the daemon too; or (`each-time`) the route is asked again and sees to it itself.
   */
  readonly repeats?: "records" | "daemon" | "each-time";
  /** An answer that holds a secret, as a repeat is told it: secrets are told once and not kept. */
  readonly again?: (answer: z.input<R>) => z.input<R>;
  /** Media type of the answer and of further forms of it. */
  readonly media?: readonly string[];
  readonly answer: (
    call: Call<z.output<P>, z.output<Q>, z.output<B>>,
  ) => Promise<z.input<R> | Response> | z.input<R> | Response;
}

/** What arrived, unchecked. */
export interface Arrived {
  readonly once: OnceDaemon["once"];
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly caller: Caller;
  readonly idempotencyKey: string | null;
  readonly headers: Headers;
  readonly signal: AbortSignal;
  readonly connection: Connection;
}

export interface Route {
  readonly method: "get" | "post" | "put" | "delete";
  readonly path: string;
  readonly operation: Operation;
  readonly access: Access<never>;
  readonly bodyLimit: keyof Bounds;
  readonly repeats: "records" | "daemon" | "each-time";
  respond(arrived: Arrived): Promise<Response>;
}

/** Binds schemas and answer together; the only place where unchecked input becomes typed. */
export function route<
  R extends z.ZodType,
  P extends z.ZodObject = Nothing,
  Q extends z.ZodObject = Nothing,
  B extends z.ZodType = Nothing,
>(definition: Definition<P, Q, B, R>): Route {
  const repeats = definition.repeats ?? "records";
  return {
    method: definition.method,
    path: definition.path,
    bodyLimit: definition.bodyLimit ?? "bodyBytes",
    operation: operationOf(definition),
    access: definition.access,
    repeats,
    async respond({ once, ...arrived }) {
      const { caller } = arrived;
      const key = definition.method === "get" ? null : arrived.idempotencyKey;
      const call = {
        ...arrived,
        by: caller.by,
        idempotencyKey: repeats === "each-time" ? key : keyOf(key, caller),
        params: checked(orNothing(definition.params), arrived.params, "path"),
        query: checked(orNothing(definition.query), arrived.query, "query"),
        body: checked(orNothing(definition.body), arrived.body, "body"),
      };
      await refuseForeign(caller, definition.access, call);
      if (call.idempotencyKey === null || repeats === "each-time") {
        const answer = await definition.answer(call);
        return answer instanceof Response ? answer : Response.json(answer);
      }
      const { method, path, again = same } = definition;
      const request = { method, path, params: call.params, query: call.query, body: call.body };
      const asked = { key: call.idempotencyKey, request: requestHash(request), keep: repeats };
      const told = await once(asked, async () => {
        const answer = await definition.answer(call);
        if (answer instanceof Response)
          throw new TypeError(`${path} answers with no value to keep`);
        return { answer, again: again(answer) };
      });
      return Response.json(told);
    },
  };
}

/** Its type is then `Nothing` too, since a route's types come from its schemas and have that default. */
function orNothing<S extends z.ZodType>(schema: S | undefined): S {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  return schema ?? (nothing as unknown as S);
}

/** Keys of different callers never meet; no header's key holds a space. */
function keyOf(key: string | null, { token }: Caller): string | null {
  return key === null || token === null ? key : `${token} ${key}`;
}

function same<T>(answer: T): T {
  return answer;
}

function requestHash(request: unknown): string {
  try {
    return hashOf(request);
  } catch (cause) {
    const detail = "body: is nested too deep for a request with an Idempotency-Key";
    throw new BerthError("usage", { code: "api.request-invalid", detail, cause });
  }
}

type AnyDefinition = Pick<
  Definition<z.ZodObject, z.ZodObject, z.ZodType, z.ZodType>,
  "method" | "path" | "summary" | "params" | "query" | "body" | "response" | "media"
>;

function operationOf(of: AnyDefinition): Operation {
  const media = of.media ?? ["application/json"];
  return {
    method: of.method,
    path: of.path,
    summary: of.summary,
    request: {
      params: orNothing(of.params),
      query: orNothing(of.query),
      ...(of.method === "get" ? {} : { headers: writeHeaders }),
      ...(of.body === undefined
        ? {}
        : { body: { content: { "application/json": { schema: of.body } } } }),
    },
    responses: {
      200: {
        description: "Done",
        content: Object.fromEntries(media.map((type) => [type, { schema: of.response }])),
      },
      default: {
        description: "A problem",
        content: { "application/problem+json": { schema: problem } },
      },
    },
  };
}

function checked<S extends z.ZodType>(schema: S, input: unknown, where: string): z.output<S> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const problems = factsOf(parsed.error.issues, where);
  const first = problems[0];
  throw new BerthError("usage", {
    code: "api.request-invalid",
    detail: `${first?.path ?? where}: ${first?.message ?? "is not valid"}`,
    path: first?.path,
    problems,
  });
}
