/** Tokens for tests of access: made through a daemon as an operator would. */
import type { Daemon } from "../../src/loop/daemon.ts";
import type { Scope } from "../../src/model/access.ts";

let made = 0;

export interface Bearer {
  readonly id: string;
  readonly secret: string;
  readonly headers: Readonly<{ authorization: string }>;
}

/** A new token; without a project, of the whole host. */
export async function bearer(
  daemon: Daemon,
  scope: Scope,
  {
    project = null,
    expiresAt = null,
  }: Readonly<{ project?: string | null; expiresAt?: number | null }> = {},
): Promise<Bearer> {
  made += 1;
  const by = { who: "local", claim: null, reason: null };
  const asked = { name: `test-${made}`, scope, project, expiresAt, by };
  const { token, secret } = await daemon.createToken(asked);
  if (secret === null) throw new Error("a new token has a secret");
  return { id: token.id, secret, headers: { authorization: `Bearer ${secret}` } };
}
