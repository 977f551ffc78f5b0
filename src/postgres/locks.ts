/** The advisory locks that make transactions take turns; held to the commit. */
import type { Statements } from "./connection.ts";
import { sqlWith } from "./sql.ts";

const TRANSACTION_CLASS = 0x62657274;
const NUMBER = { allocation: 1, events: 2, pool: 3, tokens: 4 } as const;

export type Turn = keyof typeof NUMBER;

/** As `takeTurn`, for the beginning of a transaction. */
export function turnText(turn: Turn): string {
  return sqlWith("transaction-lock", [TRANSACTION_CLASS, NUMBER[turn]]);
}

/** Waits for the other transactions that took the same turn. */
export async function takeTurn(tx: Statements, turn: Turn): Promise<void> {
  await tx.rows("transaction-lock", [TRANSACTION_CLASS, NUMBER[turn]]);
}
