/** Access tokens: made, ended and read; each change with its audit record in one transaction. */
import { BerthError } from "../base/errors.ts";
import { askerName, type TokenView } from "../model/access.ts";
import { recordAudit } from "./audit.ts";
import type { Statements } from "./connection.ts";
import { takeTurn } from "./locks.ts";
import type { Session } from "./session.ts";
import type { LiveToken, NewToken, TokenDoor } from "./token-door.ts";

/** All live tokens are held in memory by whoever checks them. */
const LIVE_MAX = 256;

type Row<T> = T & Record<string, unknown>;

/** Opens this part of the door. */
export function openTokens(session: Session): TokenDoor {
  return {
    create: (token) =>
      session.write({ operation: "create token", epoch: token.epoch }, (tx) => createIn(tx, token)),
    revoke: ({ epoch, token, by }) =>
      session.write({ operation: "revoke token", epoch }, async (tx) => {
        const [gone] = await tx.rows<Row<TokenView>>("token-revoke", [token]);
        if (gone === undefined) throw unknownToken(token);
        const words = { action: "token.revoke", detail: wordsOf(gone) };
        await recordAudit(tx, { by, epoch, project: gone.project, ...words });
        return gone;
      }),
    list: () => session.read<Row<TokenView>>("token-list"),
    live: () => session.read<Row<LiveToken>>("token-live"),
  };
}

async function createIn(tx: Statements, token: NewToken): Promise<TokenView> {
  const { epoch, by, name, project } = token;
  await takeTurn(tx, "tokens");
  await tx.rows("token-expire", [name]);
  const [count] = await tx.rows<{ live: number; named: number }>("token-count", [name]);
  if ((count?.named ?? 0) > 0)
    throw new BerthError("conflict", {
      code: "postgres.token-name-taken",
      detail: `there is a token called ${name}`,
      hint: `choose another name, or end it: berth token revoke ${name}`,
    });
  if ((count?.live ?? 0) >= LIVE_MAX)
    throw new BerthError("capacity", {
      code: "postgres.tokens-full",
      detail: `there are ${LIVE_MAX} tokens`,
      hint: "revoke those that are not needed any more: berth token list",
    });
  const { id, hash, scope, expiresAt } = token;
  const row = [id, name, hash, scope, project, askerName(by), expiresAt];
  const [made] = await tx.rows<Row<TokenView>>("token-insert", row);
  if (made === undefined) throw unknownToken(id);
  await recordAudit(tx, { by, epoch, project, action: "token.create", detail: wordsOf(made) });
  return made;
}

function wordsOf({ id, name, scope, project }: TokenView): string {
  return `${name} (${id}), ${scope} on ${project ?? "the host"}`;
}

function unknownToken(token: string): BerthError {
  return new BerthError("usage", {
    code: "postgres.token-unknown",
    detail: `there is no live token ${token}`,
    hint: "`berth token list` shows those there are",
  });
}
