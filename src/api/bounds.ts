/** Every bound of the API in one place; each refuses, none grows. */

const MIB = 1_048_576;

export interface Bounds {
  /** Any body, sized or chunked, over TCP and on the unix socket. */
  readonly bodyBytes: number;
  /** Those of `plan` and `apply` on the unix socket: a bundle is all files of a declaration, 16 MiB at most, with room for JSON's escapes. */
  readonly bundleBodyBytes: number;
  readonly headerBytes: number;
  readonly headers: number;
  /** Connections of one listener that carry requests; one that became a stream counts there. */
  readonly connections: number;
  /** Those of one token among them, so that none keeps the others out. */
  readonly tokenConnections: number;
  /** Past the bound: they are told so, or of health. */
  readonly spareConnections: number;
  /** Requests of one token a second, and at once after a pause. */
  readonly tokenRate: number;
  readonly tokenBurst: number;
  /** How long a refusal for too many requests is held back: a loop that tries again at once costs little then. */
  readonly refusalMs: number;
  /** A request, head and body, must have arrived within this time. */
  readonly requestMs: number;
  /** A connection on which nothing moves is over after this; longer than the longest answer takes to begin. */
  readonly idleMs: number;
  /** Readers of events and logs at once. */
  readonly streamReaders: number;
  /** Text held for one reader that does not read. */
  readonly streamBufferBytes: number;
  /** A reader of events that takes nothing for this long is cut: it resumes where it was. One of output, a pager perhaps, has ten times as long. */
  readonly stallMs: number;
  /** Silence after which a stream says that it is alive. */
  readonly heartbeatMs: number;
  /** Until the live stream asks for events again after the records could not be read. */
  readonly eventsAgainMs: number;
  /** Between looks at the tokens of open streams; together with the age of what is known of tokens, below the promised second. */
  readonly tokenLookMs: number;
  readonly terminals: number;
  /** One frame of a terminal. */
  readonly terminalFrameBytes: number;
  /** From the handshake to the first message. */
  readonly terminalStartMs: number;
  /** How long `close` waits for requests in flight. */
  readonly closeMs: number;
}

export const BOUNDS: Bounds = {
  bodyBytes: MIB,
  bundleBodyBytes: 17 * MIB,
  headerBytes: 16_384,
  headers: 64,
  connections: 256,
  tokenConnections: 128,
  spareConnections: 32,
  tokenRate: 300,
  tokenBurst: 300,
  refusalMs: 250,
  requestMs: 10_000,
  idleMs: 330_000,
  streamReaders: 1_024,
  streamBufferBytes: MIB / 16,
  stallMs: 30_000,
  heartbeatMs: 15_000,
  eventsAgainMs: 2_000,
  tokenLookMs: 400,
  terminals: 32,
  terminalFrameBytes: MIB,
  terminalStartMs: 10_000,
  closeMs: 2_000,
};
