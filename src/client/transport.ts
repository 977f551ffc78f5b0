/** What carries requests to the daemon: a unix socket for the CLI, fetch for the browser; passed in by whoever has it. */

export interface TransportRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** With its query, below the server's root. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly signal: AbortSignal;
}

export interface TransportResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: AsyncIterable<Uint8Array>;
}

/** Rejects with a BerthError: transient when nobody answers, permission when the address may not be used. */
export type Transport = (request: TransportRequest) => Promise<TransportResponse>;
