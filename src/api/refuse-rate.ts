/** Keeps one token's requests from taking the place of the others'. */
import { setTimeout as sleep } from "node:timers/promises";
import { BerthError } from "../base/errors.ts";
import type { Bounds } from "./bounds.ts";
import type { Connection } from "./connections.ts";
import type { Rates } from "./rates.ts";

interface Asked {
  readonly token: string;
  readonly connection: Connection;
  readonly rates: Rates;
  readonly bounds: Bounds;
}

/** Throws 429 past the token's rate or its share of the connections; a moment later, so that a loop that asks again costs little. */
export async function refuseRate({ token, connection, rates, bounds }: Asked): Promise<void> {
  const many = !connection.belongsTo(token);
  if (!many && rates.take(token) === 0) return;
  await sleep(bounds.refusalMs, undefined, { ref: false });
  throw new BerthError("capacity", {
    code: "api.rate-exceeded",
    detail: many
      ? `this token has ${bounds.tokenConnections} connections open`
      : `this token asked more than ${bounds.tokenRate} times a second`,
    hint: "wait as long as Retry-After says",
  });
}
