/** Reads that are answered as their routes' schemas say. */
import type { z } from "zod";
import type { TestServer } from "./api-server.ts";

type Read = readonly [path: string, schema: z.ZodType];

/** Those that are not answered so, with why. */
export async function unlike(server: TestServer, reads: readonly Read[]): Promise<unknown[]> {
  const wrong: unknown[] = [];
  for (const [path, schema] of reads) {
    const answer = await server.ask({ path: `/api/v1${path}` });
    const { error } = schema.safeParse(answer.json());
    if (answer.status !== 200 || error !== undefined) wrong.push([path, answer.status, error]);
  }
  return wrong;
}
