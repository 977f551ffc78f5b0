/** A breaker as plain data: kept in the database, so that a restart changes nothing. The rules are in plan/pool/breaker.ts. */

export type Breaker =
  | Readonly<{ kind: "closed"; failureClass: string | null; failures: number }>
  | Readonly<{ kind: "open"; failureClass: string; until: number; coolDownMs: number }>
  | Readonly<{
      kind: "half-open";
      failureClass: string;
      /** The one task that is let through; null: none yet. */
      probe: string | null;
      coolDownMs: number;
    }>;

/** A breaker as recorded. */
export interface KeptBreaker {
  readonly project: string;
  /** Empty: of the whole project. */
  readonly agent: string;
  readonly state: Breaker;
  /** Ends of attempts up to here are counted in it; milliseconds since the epoch. */
  readonly through: number;
}
