/** Access tokens: made, ended and read; each change with its audit record in one transaction. */
import { BerthError } from "../base/errors.ts";
import { askerName, type TokenView } from "../model/access.ts";
import { answeredOnce } from "./answers.ts";
import { recordAudit } from "./audit.ts";
import type { Statements } from "./connection.ts";
import type { KeyedAsker } from "./door.ts";
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
      session.write({ operation: "create token", epoch: token.epoch }, (tx) => {
        const { name, scope, project, expiresAt } = token;
        const body = { action: "token.create", name, scope, project, expiresAt };
        return answeredOnce(tx, { key: keyOf(token), body }, () => createIn(tx, token));
      }),
    revoke: (request) =>
      session.write({ operation: "revoke token", epoch: request.epoch }, (tx) => {
        const body = { action: "token.revoke", token: request.token };
        return answeredOnce(tx, { key: keyOf(request), body }, () => revokeIn(tx, request));
      }),
    list: () => session.read<Row<TokenView>>("token-list"),
    live: () => session.read<Row<LiveToken>>("token-live"),
  };
}

function keyOf({ by }: Readonly<{ by: KeyedAsker }>): string | null {
  return by.idempotencyKey ?? null;
}

async function revokeIn(
  tx: Statements,
  { epoch, token, by }: Parameters<TokenDoor["revoke"]>[0],
): Promise<TokenView> {
  const [gone] = await tx.rows<Row<TokenView>>("token-revoke", [token]);
  if (gone === undefined) throw unknownToken(token);
  const words = { action: "token.revoke", detail: wordsOf(gone) };
  await recordAudit(tx, { by, epoch, project: gone.project, ...words });
  return gone;
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
