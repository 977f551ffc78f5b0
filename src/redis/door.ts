/** What the rest of the program may ask of Redis: never the only copy of anything. All keys begin with `berth:<install>:`. */

export interface LeaseState {
  readonly holder: string | null;
  /** Remaining time in milliseconds; 0 when free. */
  readonly ttlMs: number;
}

export interface RedisDoor {
  /** Whether it takes writes: one that is full or a replica answers, but is of no use. */
  ping(): Promise<void>;
  /** Takes the leader lease if free or ours; true when held afterwards. Atomic (Lua). */
  takeLease(holder: string, ttlMs: number): Promise<boolean>;
  /** Extends the lease only while ours; false when lost. */
  renewLease(holder: string, ttlMs: number): Promise<boolean>;
  releaseLease(holder: string): Promise<void>;
  readLease(): Promise<LeaseState>;
  /** Wake-up: drops messages on reconnect, so it only ever speeds things up. */
  publish(topic: string, payload: string): Promise<void>;
  subscribe(
    topic: string,
    listener: (payload: string) => void,
  ): Promise<Readonly<{ close(): Promise<void> }>>;
  /** How many listen to a topic now, over all daemons. */
  listeners(topic: string): Promise<number>;
  /** Live status of projects, with an expiry; rebuilt by the leader after a wipe. */
  writeStatus(status: Readonly<Record<string, string>>, ttlMs: number): Promise<void>;
  readStatus(): Promise<Readonly<Record<string, string>>>;
  /** Calls back with every change of reachability. */
  onState(listener: (reachable: boolean) => void): void;
  close(): Promise<void>;
}
